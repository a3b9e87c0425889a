//! Which items a user of a crate can name, under which path, and what is implemented for them.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Item, ItemImpl, ItemUse, Path, UseTree};

use crate::gates::{Gates, gates};
use crate::source::{self, Module, is_public, parts};

/// An item under one of its public paths. A name from another crate is the `use` that brings it.
pub struct Found {
    pub module: String,
    pub name: String,
    /// Those around it; its own are among its attributes.
    pub gates: Gates,
    pub item: Item,
    /// Of an item that is a module: its own documentation.
    pub inner: Vec<syn::Attribute>,
}

pub struct Implemented {
    pub gates: Gates,
    pub item: ItemImpl,
    /// The place in `found` of what it is listed under.
    pub owner: Option<usize>,
}

pub struct Surface {
    pub modules: Vec<Module>,
    pub found: Vec<Found>,
    pub impls: Vec<Implemented>,
}

pub fn surface(name: &str) -> Surface {
    let modules = source::modules(name);
    let mut surface = Surface { modules, found: vec![], impls: vec![] };
    let root = surface.modules[0].path.clone();
    surface.walk(&root, &root, &Gates::new());
    surface.exported_macros(&root);
    surface.found.sort_by(|a, b| (&a.module, &a.name).cmp(&(&b.module, &b.name)));
    surface.implementations();
    surface
}

impl Surface {
    /// What module `path` has for those who know it as `shown`.
    fn walk(&mut self, path: &str, shown: &str, outer: &Gates) {
        let mut items = Vec::new();
        for module in self.modules.iter().filter(|module| module.path == path) {
            let gates = outer | &module.gates;
            items.extend(module.items.iter().map(|item| (gates.clone(), item.clone())));
        }
        for (gates, item) in items.into_iter().filter(|(_, item)| is_public(item)) {
            match &item {
                Item::Use(names) => self.names(path, shown, &gates, names),
                _ => self.found(path, shown, None, &gates, item),
            }
        }
    }

    /// An item of module `path`, for those who know that as `shown`, and the item perhaps as another.
    fn found(&mut self, path: &str, shown: &str, name: Option<&str>, gates: &Gates, item: Item) {
        let own = parts(&item).2.expect("items with a visibility have a name").to_string();
        let name = name.unwrap_or(&own).to_owned();
        let deeper = format!("{path}::{own}");
        let is_module = matches!(item, Item::Mod(_));
        let inner = self.modules.iter().find(|module| is_module && module.path == deeper);
        let inner = inner.map_or(vec![], |module| module.attributes.clone());
        let shown_deeper = format!("{shown}::{name}");
        self.found.push(Found {
            module: shown.to_owned(),
            name,
            gates: gates.clone(),
            item,
            inner,
        });
        if is_module {
            self.walk(&deeper, &shown_deeper, gates);
        }
    }

    /// What a `pub use` in module `path` brings.
    fn names(&mut self, path: &str, shown: &str, outer: &Gates, names: &ItemUse) {
        let own = gates(&names.attrs).expect("looked at when loaded");
        let outer = outer | &own;
        for (segments, new_name) in flat(&names.tree, &[]) {
            // A name alone is that of another crate, and would be resolved to this line.
            let is_crate = segments.len() == 1;
            let found = if is_crate { vec![] } else { self.resolve(path, &segments) };
            if found.is_empty() {
                let tree = segments.join("::");
                let tree = new_name.as_ref().map_or(tree.clone(), |new| format!("{tree} as {new}"));
                let line = syn::parse_str::<UseTree>(&tree).expect("put together from one");
                let line = Item::Use(ItemUse { tree: line, ..names.clone() });
                let name = new_name.clone().unwrap_or(segments[segments.len() - 1].clone());
                let (module, gates) = (shown.to_owned(), outer.clone());
                self.found.push(Found { module, name, gates, item: line, inner: vec![] });
            }
            for (home, gates, item) in found {
                let gates = &outer | &gates;
                match &item {
                    Item::Use(names) => self.names(&home, shown, &gates, names),
                    _ => self.found(&home, shown, new_name.as_deref(), &gates, item),
                }
            }
        }
    }

    /// The items that a path means, seen from a module: their modules, and the conditions there. None
    /// if it leads out of the crate.
    fn resolve(&self, from: &str, segments: &[String]) -> Vec<(String, Gates, Item)> {
        let (last, way) = segments.split_last().expect("a path");
        let mut home = from.to_owned();
        for segment in way {
            home = match segment.as_str() {
                "crate" => self.modules[0].path.clone(),
                "self" => home,
                "super" => home.rsplit_once("::").expect("a module around it").0.to_owned(),
                name => format!("{home}::{name}"),
            };
        }
        let mut items = Vec::new();
        for module in self.modules.iter().filter(|module| module.path == home) {
            for item in module.items.iter().filter(|item| is_public(item)) {
                let named = match item {
                    Item::Use(names) => flat(&names.tree, &[])
                        .iter()
                        .any(|(path, new)| new.as_ref().or(path.last()) == Some(last)),
                    _ => parts(item).2.is_some_and(|name| name == last),
                };
                if last == "*" || named {
                    items.push((home.clone(), module.gates.clone(), item.clone()));
                }
            }
        }
        items
    }

    /// They are at the crate's root, wherever they stand.
    fn exported_macros(&mut self, root: &str) {
        for module in &self.modules {
            for item in &module.items {
                let (attributes, _, Some(name)) = parts(item) else { continue };
                if attributes.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
                    let (name, gates) = (name.to_string(), module.gates.clone());
                    let (module, item, inner) = (root.to_owned(), item.clone(), vec![]);
                    self.found.push(Found { module, name, gates, item, inner });
                }
            }
        }
    }

    /// All but those of which the type, the trait or an argument is known inside the crate alone.
    fn implementations(&mut self) {
        let all = self.modules.iter().flat_map(|module| &module.items);
        let types = all.filter(|item| {
            matches!(
                item,
                Item::Enum(_) | Item::Struct(_) | Item::Trait(_) | Item::Type(_) | Item::Union(_)
            )
        });
        let local: BTreeSet<_> =
            types.filter_map(|item| parts(item).2).map(ToString::to_string).collect();
        for module in &self.modules {
            for item in &module.items {
                let Item::Impl(item) = item else { continue };
                let owner = |name: &String| self.found.iter().position(|found| found.name == *name);
                let names = mentioned(item);
                if !names.iter().any(|name| local.contains(name) && owner(name).is_none()) {
                    let owner = names.iter().filter(|name| local.contains(*name)).find_map(owner);
                    let gates = module.gates.clone();
                    self.impls.push(Implemented { gates, item: item.clone(), owner });
                }
            }
        }
    }
}

/// The paths of a `use`, each with the new name that it may have.
fn flat(tree: &UseTree, way: &[String]) -> Vec<(Vec<String>, Option<String>)> {
    let with = |name: &dyn ToString| way.iter().cloned().chain([name.to_string()]).collect();
    match tree {
        UseTree::Path(path) => {
            let way: Vec<_> = with(&path.ident);
            flat(&path.tree, &way)
        }
        UseTree::Name(name) => vec![(with(&name.ident), None)],
        UseTree::Rename(new) => vec![(with(&new.ident), Some(new.rename.to_string()))],
        UseTree::Glob(_) => vec![(with(&"*"), None)],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| flat(tree, way)).collect(),
    }
}

/// The names in the type of an impl, then those in its trait.
fn mentioned(item: &ItemImpl) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'a> Visit<'a> for Names {
        fn visit_path(&mut self, path: &'a Path) {
            self.0.extend(path.segments.last().map(|segment| segment.ident.to_string()));
            visit::visit_path(self, path);
        }
    }
    let mut names = Names(vec![]);
    names.visit_type(&item.self_ty);
    if let Some((path, _)) = &item.trait_ {
        names.visit_path(path);
    }
    names.0
}
