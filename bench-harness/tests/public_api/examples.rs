//! Which public items have no example that runs in their documentation.
//!
//! Fields and variants are shown by their type's, and methods of a trait by the trait's if it calls them.

use syn::{Attribute, ImplItem, Item, Meta, Token, TraitItem, Visibility};

use crate::reach::Surface;
use crate::source::{parts, text_of};

pub fn missing(surface: &Surface) -> Vec<String> {
    let mut missing = Vec::new();
    for found in &surface.found {
        let path = format!("{}::{}", found.module, found.name);
        // Names of other crates are documented there.
        if is_hidden(parts(&found.item).0) || matches!(found.item, Item::Use(_)) {
            continue;
        }
        let own = examples(parts(&found.item).0) + &examples(&found.inner);
        if own.is_empty() {
            missing.push(path.clone());
        }
        if let Item::Trait(item) = &found.item {
            let methods = item.items.iter().filter_map(|item| match item {
                TraitItem::Fn(it) => Some((&it.attrs, &it.sig.ident)),
                TraitItem::Const(it) => Some((&it.attrs, &it.ident)),
                TraitItem::Type(it) => Some((&it.attrs, &it.ident)),
                _ => None,
            });
            for (attributes, name) in methods.filter(|(attributes, _)| !is_hidden(attributes)) {
                let called = own.split(|c: char| c != '_' && !c.is_alphanumeric());
                if examples(attributes).is_empty() && called.into_iter().all(|word| name != word) {
                    missing.push(format!("{path}::{name}"));
                }
            }
        }
    }
    for item in surface.impls.iter().filter(|it| it.item.trait_.is_none()) {
        let owner = &surface.found[item.owner.expect("an inherent impl is of a type of the crate")];
        for item in &item.item.items {
            let (attributes, visibility, name) = match item {
                ImplItem::Fn(it) => (&it.attrs, &it.vis, &it.sig.ident),
                ImplItem::Const(it) => (&it.attrs, &it.vis, &it.ident),
                _ => continue,
            };
            let public = matches!(visibility, Visibility::Public(_)) && !is_hidden(attributes);
            if public && examples(attributes).is_empty() {
                missing.push(format!("{}::{}::{name}", owner.module, owner.name));
            }
        }
    }
    missing
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        matches!(&attribute.meta, Meta::List(list)
            if list.path.is_ident("doc") && list.tokens.to_string().contains("hidden"))
    })
}

/// The code of all examples that are run.
fn examples(attributes: &[Attribute]) -> String {
    let mut documentation = String::new();
    for attribute in attributes {
        let parts = attribute
            .parse_args_with(syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated);
        let conditional = parts.into_iter().flatten();
        let conditional = conditional.filter(|_| attribute.path().is_ident("cfg_attr"));
        for meta in conditional.chain([attribute.meta.clone()]) {
            documentation.extend(text_of("doc", &meta).map(|text| text + "\n"));
        }
    }
    let mut code = String::new();
    let mut fence = None;
    for line in documentation.lines().map(str::trim) {
        if let Some(kind) = line.strip_prefix("```") {
            let runs = kind.split(',').all(|word| ["", "rust", "should_panic"].contains(&word));
            fence = if fence.is_none() { Some(runs) } else { None };
        } else if fence == Some(true) {
            code += line;
            code += "\n";
        }
    }
    code
}
