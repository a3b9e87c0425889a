//! The names of the tests in a file, as the source has them.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, Item, ItemMacro};

/// The tests that run if this file does. Of a file of the conformance suite: the properties and events
/// that the suite stamps onto every backend.
pub fn tests(file: &str, text: &str) -> BTreeSet<String> {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    if file.starts_with("block-core/src/conformance/") {
        let stamped = block_core::conformance_tests! { @each names };
        let defined = public_names(&parsed.items);
        return defined.into_iter().filter(|name| stamped.contains(&name.as_str())).collect();
    }
    let mut found = BTreeSet::new();
    collect(&parsed.items, &mut found);
    found
}

/// The tests of a file that run under this tool: all but those that are for another one alone.
pub fn models(file: &str, text: &str, tool: &str) -> BTreeSet<String> {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let is_for_another = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|only| {
                (only == "block_loom" || only == "block_shuttle") && only != format!("block_{tool}")
            })
    };
    let items = parsed
        .items
        .into_iter()
        .filter(|item| !matches!(item, Item::Fn(item) if item.attrs.iter().any(is_for_another)));
    let mut found = BTreeSet::new();
    collect(&items.collect::<Vec<_>>(), &mut found);
    found
}

fn collect(items: &[Item], found: &mut BTreeSet<String>) {
    let mut stamps = Vec::new();
    for item in items {
        match item {
            Item::Fn(item) if runs(&item.attrs) => {
                found.insert(item.sig.ident.to_string());
            }
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    collect(items, found);
                }
            }
            Item::Macro(item) => match &item.ident {
                Some(name) if writes_tests(item) => stamps.push(name.clone()),
                Some(_) => {}
                None if stamps.iter().any(|stamp| item.mac.path.is_ident(stamp)) => {
                    found.extend(labels(item.mac.tokens.clone()));
                }
                None => found.extend(within(item.mac.tokens.clone())),
            },
            _ => {}
        }
    }
}

fn runs(attributes: &[Attribute]) -> bool {
    let has = |name| {
        attributes.iter().any(|it| it.path().segments.last().is_some_and(|last| last.ident == name))
    };
    has("test") && !has("ignore")
}

/// Whether a macro makes a test of a name that it is given.
fn writes_tests(definition: &ItemMacro) -> bool {
    let text = definition.mac.tokens.to_string().replace(' ', "");
    text.contains("#[test]fn$")
}

/// The names before a colon, of which a call has one at the start of each entry.
fn labels(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut labels = Vec::new();
    let mut at_start = true;
    for pair in tokens.windows(2) {
        match pair {
            [TokenTree::Ident(name), TokenTree::Punct(colon)]
                if at_start && colon.as_char() == ':' =>
            {
                labels.push(name.to_string());
                at_start = false;
            }
            [TokenTree::Punct(end), _] => at_start = end.as_char() == ';',
            _ => at_start = false,
        }
    }
    labels
}

/// The tests that stand in a call as they are, as in `proptest!`.
fn within(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let (mut is_test, mut is_name) = (false, false);
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let attribute = group.stream().to_string();
                is_test = (is_test || attribute == "test") && !attribute.starts_with("ignore");
            }
            TokenTree::Ident(word) if is_name => {
                names.extend(is_test.then(|| word.to_string()));
                (is_test, is_name) = (false, false);
            }
            TokenTree::Ident(word) => is_name = word == "fn",
            _ => {}
        }
    }
    names
}

/// The public functions of a file, those in calls of macros included.
fn public_names(items: &[Item]) -> Vec<String> {
    let mut names = Vec::new();
    for item in items {
        match item {
            Item::Fn(item) if matches!(item.vis, syn::Visibility::Public(_)) => {
                names.push(item.sig.ident.to_string());
            }
            // Each entry of the list of events begins with its documentation, then its name.
            Item::Macro(call) if call.mac.path.is_ident("events") => {
                let tokens = call.mac.tokens.clone().into_iter();
                names.extend(tokens.filter_map(|token| match token {
                    TokenTree::Ident(name) => Some(name.to_string()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    names
}
