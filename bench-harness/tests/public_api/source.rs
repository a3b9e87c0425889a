//! A crate as its files have it: modules with their items, without what no user compiles.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Ident, Item, Lit, Meta, Visibility};

use crate::gates::{Gates, gates};

pub struct Module {
    /// `block_core::buffer`.
    pub path: String,
    /// The attributes within it, its documentation among them.
    pub attributes: Vec<Attribute>,
    /// Those of the modules around it included.
    pub gates: Gates,
    pub items: Vec<Item>,
}

/// All modules of the crate in the folder of this name, the root first.
pub fn modules(name: &str) -> Vec<Module> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
    let mut all = Vec::new();
    load(name.replace('-', "_"), &source.join("lib.rs"), &source, Gates::new(), &mut all);
    all
}

/// A file; its modules lie in the folder.
fn load(path: String, file: &Path, folder: &Path, gates: Gates, all: &mut Vec<Module>) {
    let text = fs::read_to_string(file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text);
    let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    add(path, (file, folder), (parsed.attrs, parsed.items, gates), all);
}

fn add(
    path: String,
    (file, folder): (&Path, &Path),
    (attributes, mut items, outer): (Vec<Attribute>, Vec<Item>, Gates),
    all: &mut Vec<Module>,
) {
    items.retain(|item| gates(parts(item).0).is_some());
    let place = all.len();
    all.push(Module { path: path.clone(), attributes, gates: outer.clone(), items: vec![] });
    for item in &items {
        let Item::Mod(module) = item else { continue };
        let path = format!("{path}::{}", module.ident);
        let own = gates(&module.attrs).expect("looked at above");
        let gates = &outer | &own;
        let inner = folder.join(module.ident.to_string());
        if let Some((_, items)) = &module.content {
            add(path, (file, &inner), (vec![], items.clone(), gates), all);
            continue;
        }
        let named = module.attrs.iter().find_map(|attribute| text_of("path", &attribute.meta));
        let beside = folder.join(format!("{}.rs", module.ident));
        let named = named.map(|name| file.with_file_name(name));
        let candidates = [named, Some(beside), Some(inner.join("mod.rs"))];
        let found: Option<PathBuf> = candidates.into_iter().flatten().find(|file| file.exists());
        let found = found.unwrap_or_else(|| panic!("{path}: no file"));
        load(path, &found, &inner, gates, all);
    }
    all[place].items = items;
}

/// The text of `#[name = "text"]`.
pub fn text_of(name: &str, attribute: &Meta) -> Option<String> {
    let Meta::NameValue(pair) = attribute else { return None };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident(name) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Attributes, visibility and name of an item, as far as its kind has them.
pub fn parts(item: &Item) -> (&[Attribute], Option<&Visibility>, Option<&Ident>) {
    match item {
        Item::Const(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Enum(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::ExternCrate(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Fn(it) => (&it.attrs, Some(&it.vis), Some(&it.sig.ident)),
        Item::Impl(it) => (&it.attrs, None, None),
        Item::Macro(it) => (&it.attrs, None, it.ident.as_ref()),
        Item::Mod(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Static(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Struct(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Trait(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Type(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Union(it) => (&it.attrs, Some(&it.vis), Some(&it.ident)),
        Item::Use(it) => (&it.attrs, Some(&it.vis), None),
        _ => panic!("an item of a kind that the list of public items does not know yet"),
    }
}

pub fn is_public(item: &Item) -> bool {
    matches!(parts(item).1, Some(Visibility::Public(_)))
}
