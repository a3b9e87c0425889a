//! What an item is compiled under: the conditions of its own, and of the modules around it.
//!
//! A condition that is the same for every user, such as that of a model, is decided here: an item that
//! it leaves out is no item, and one that it leaves in has no condition.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// All of them hold.
pub type Gates = BTreeSet<String>;

/// What no user of the crates sets, or for no item that they are to call: that of a sanitizer.
const NEVER: [&str; 8] = [
    "block_loom",
    "block_shuttle",
    "test",
    "doctest",
    "block_asan",
    "block_counting",
    "block_lockfree_real_fence",
    "block_tsan",
];

/// The conditions in these attributes; `None` if they never hold.
pub fn gates(attributes: &[Attribute]) -> Option<Gates> {
    let mut all = Gates::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        all.extend(simplify(&attribute.parse_args().expect("a condition"))?);
    }
    Some(all)
}

/// A condition as conditions that all hold: none of them if it always does, `None` if it never does.
pub fn simplify(condition: &Meta) -> Option<Gates> {
    let text = condition.to_token_stream().to_string();
    let Meta::List(list) = condition else {
        return (!NEVER.contains(&text.as_str())).then(|| Gates::from([text]));
    };
    let inner = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let inner = inner.expect("conditions").into_iter().map(|condition| simplify(&condition));
    if list.path.is_ident("all") {
        inner.collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
    } else if list.path.is_ident("any") {
        let possible: Vec<_> = inner.flatten().collect();
        match &possible[..] {
            [] => None,
            [only] => Some(only.clone()),
            some if some.iter().any(Gates::is_empty) => Some(Gates::new()),
            some => {
                let some: Gates = some.iter().map(one).collect();
                Some(Gates::from([format!("any({})", join(&some))]))
            }
        }
    } else if list.path.is_ident("not") {
        match inner.last().expect("a condition") {
            None => Some(Gates::new()),
            Some(always) if always.is_empty() => None,
            Some(some) => Some(Gates::from([format!("not({})", one(&some))])),
        }
    } else {
        Some(Gates::from([text]))
    }
}

fn one(gates: &Gates) -> String {
    match gates.len() {
        1 => join(gates),
        _ => format!("all({})", join(gates)),
    }
}

fn join(gates: &Gates) -> String {
    gates.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
