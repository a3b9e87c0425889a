//! The list of a crate's public items as text: declarations without bodies and without what is private,
//! under the module in which a user finds them, each followed by what is implemented for it.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Field, Fields, ImplItem, Item, ItemImpl, Meta, PatIdent, Receiver,
    Visibility, parse_quote,
};

use crate::gates::{Gates, gates, simplify};
use crate::macros;
use crate::reach::Surface;
use crate::source::parts;

/// In the place of private fields.
const HIDDEN: &str = "__Hidden";

pub fn list(surface: &Surface) -> String {
    let mut text = String::from(
        "// Every public item, as the sources declare it. Written by BLESS=1 cargo test -p bench-harness \
         --test public_api\n",
    );
    let mut module = "";
    for (place, found) in surface.found.iter().enumerate() {
        if module != found.module {
            module = &found.module;
            text += &format!("\n// ---- {module} ----\n");
        }
        text += "\n";
        text += &declaration(&found.item, &found.gates);
        let of_this = surface.impls.iter().filter(|it| it.owner == Some(place));
        let own = gates(parts(&found.item).0).expect("looked at when loaded");
        let known = &found.gates | &own;
        text += &implementations(of_this.map(|it| (&it.item, &it.gates)), &known);
    }
    let of_none = surface.impls.iter().filter(|it| it.owner.is_none());
    let rest = implementations(of_none.map(|it| (&it.item, &it.gates)), &Gates::new());
    if !rest.is_empty() {
        text += &format!("\n// ---- for types of others ----\n\n{rest}");
    }
    text + &macros::list(surface)
}

/// An item as it is seen from outside.
pub fn declaration(item: &Item, gates: &Gates) -> String {
    let mut item = item.clone();
    match &mut item {
        Item::Mod(module) => module.content = None,
        Item::Macro(item) if item.ident.is_some() => macros::without_bodies(item),
        _ => {}
    }
    let mut outside = Outside { known: gates.clone() };
    outside.visit_item_mut(&mut item);
    let file = syn::File { shebang: None, frontmatter: None, attrs: vec![], items: vec![item] };
    let text = prettyplease::unparse(&file);
    let text = text.replace(&format!("__hidden: {HIDDEN},"), "..").replace(HIDDEN, "_");
    gates.iter().map(|gate| format!("#[cfg({gate})]\n")).collect::<String>() + &text
}

/// Impls in order; several that differ in nothing but their methods as one. The conditions of what they
/// stand under are known.
pub fn implementations<'a>(
    all: impl Iterator<Item = (&'a ItemImpl, &'a Gates)>,
    known: &Gates,
) -> String {
    let mut by_head = BTreeMap::<_, (ItemImpl, Gates)>::new();
    for (item, outer) in all {
        let mut shown = item.clone();
        match &shown.trait_ {
            Some(_) => shown.items.retain(|item| !matches!(item, ImplItem::Fn(_))),
            None => shown.items.retain(is_shown),
        }
        if shown.trait_.is_none() && shown.items.is_empty() {
            continue;
        }
        let own = gates(&item.attrs).expect("looked at when loaded");
        let gates = &(outer | &own) - known;
        let head = ItemImpl { items: vec![], attrs: vec![], ..shown.clone() };
        let key = (head.trait_.is_some(), declaration(&Item::Impl(head), &gates));
        let entry = by_head
            .entry(key)
            .or_insert_with(|| (ItemImpl { items: vec![], ..shown.clone() }, gates));
        entry.0.items.extend(shown.items);
    }
    let mut text = String::new();
    for (mut item, gates) in by_head.into_values() {
        item.items.sort_by_key(|item| match item {
            ImplItem::Fn(it) => (1, it.sig.ident.to_string()),
            ImplItem::Const(it) => (0, it.ident.to_string()),
            other => (2, other.to_token_stream().to_string()),
        });
        item.attrs.retain(|attribute| !attribute.path().is_ident("cfg"));
        text += &declaration(&Item::Impl(item), &gates);
    }
    text
}

/// What an inherent impl shows: what is public, and whatever is of an unknown kind.
fn is_shown(item: &ImplItem) -> bool {
    let (attributes, visibility) = match item {
        ImplItem::Fn(it) => (&it.attrs, &it.vis),
        ImplItem::Const(it) => (&it.attrs, &it.vis),
        ImplItem::Type(it) => (&it.attrs, &it.vis),
        _ => return true,
    };
    matches!(visibility, Visibility::Public(_)) && gates(attributes).is_some()
}

/// Takes away what is not seen from outside.
struct Outside {
    /// Conditions that stand above the item.
    known: Gates,
}

impl VisitMut for Outside {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let own = gates(attributes).unwrap_or_default();
        attributes.retain(matters);
        for gate in own.difference(&self.known) {
            let condition: Meta = syn::parse_str(gate).expect("made of one");
            attributes.push(parse_quote!(#[cfg(#condition)]));
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.clear();
    }

    fn visit_receiver_mut(&mut self, receiver: &mut Receiver) {
        receiver.mutability = None;
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        pattern.mutability = None;
    }

    fn visit_fields_mut(&mut self, fields: &mut Fields) {
        let is_public = |field: &Field| matches!(field.vis, Visibility::Public(_));
        match fields {
            Fields::Named(named) if !named.named.iter().all(is_public) => {
                let public = named.named.iter().filter(|field| is_public(field)).cloned();
                named.named = public.chain([parse_quote!(__hidden: __Hidden)]).collect();
            }
            Fields::Unnamed(fields) => {
                for field in fields.unnamed.iter_mut().filter(|field| !is_public(field)) {
                    *field = Field { ty: parse_quote!(__Hidden), ..field.clone() };
                }
            }
            _ => {}
        }
        visit_mut::visit_fields_mut(self, fields);
    }

    /// Their fields are as public as they are.
    fn visit_variant_mut(&mut self, variant: &mut syn::Variant) {
        self.visit_attributes_mut(&mut variant.attrs);
        for field in &mut variant.fields {
            self.visit_attributes_mut(&mut field.attrs);
        }
    }
}

/// Whether users can tell that an attribute is there. Conditions are printed anew.
fn matters(attribute: &Attribute) -> bool {
    let is = |name: &str| attribute.path().is_ident(name);
    let hint = ["cfg", "inline", "cold", "track_caller", "allow", "expect"].into_iter().any(is);
    let text = is("doc") && !attribute.to_token_stream().to_string().contains("hidden");
    let unlikely = is("cfg_attr") && {
        let parts = attribute
            .parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated);
        let parts = parts.expect("a condition and attributes");
        let given = |meta: &Meta| ["doc", "allow"].iter().any(|name| meta.path().is_ident(name));
        simplify(&parts[0]).is_none() || parts.iter().skip(1).all(given)
    };
    !hint && !text && !unlikely
}
