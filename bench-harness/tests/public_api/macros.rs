//! Macros of a crate: the forms of those that are exported, and what the others put among the items.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, ItemMacro};

use crate::gates::Gates;
use crate::print::{declaration, implementations};
use crate::reach::Surface;

/// In the place of a `$`.
const VARIABLE: &str = "__variable_";

/// The body of each rule emptied.
pub fn without_bodies(item: &mut ItemMacro) {
    let mut after_arrow = false;
    let tokens = std::mem::take(&mut item.mac.tokens).into_iter().map(|token| match token {
        TokenTree::Group(group) if after_arrow => {
            after_arrow = false;
            TokenTree::Group(Group::new(group.delimiter(), TokenStream::new()))
        }
        token => {
            after_arrow = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '>');
            token
        }
    });
    item.mac.tokens = tokens.collect();
}

/// The calls that make items, and what the crate's own macros make of them, unexpanded.
pub fn list(surface: &Surface) -> String {
    let all: Vec<_> = surface.modules.iter().flat_map(|module| &module.items).collect();
    let macros = all.iter().filter_map(|item| match item {
        Item::Macro(item) => Some(item),
        _ => None,
    });
    let (defined, called): (Vec<&ItemMacro>, Vec<_>) = macros.partition(|it| it.ident.is_some());
    let definition = |call: &ItemMacro| {
        defined.iter().find(|it| it.ident.as_ref() == call.mac.path.get_ident()).copied()
    };
    let mut bodies: Vec<(String, Vec<Item>)> = Vec::new();
    let mut waiting: Vec<ItemMacro> = called.into_iter().cloned().collect();
    let mut calls = Vec::new();
    while let Some(call) = waiting.pop() {
        let mut bare = call.clone();
        bare.mac.tokens = self::bare(bare.mac.tokens);
        let text = declaration(&Item::Macro(bare), &Gates::new());
        let Some(definition) = definition(&call) else {
            // Of others: what it makes can be seen only if it says so.
            if ["pub", "impl"].iter().any(|word| text.split_whitespace().any(|it| it == *word)) {
                calls.push(text);
            }
            continue;
        };
        calls.push(text);
        let name = call.mac.path.to_token_stream().to_string();
        if bodies.iter().all(|(known, _)| *known != name) {
            let items = body(definition);
            waiting.extend(items.iter().filter_map(|item| match item {
                Item::Macro(call) => Some(call.clone()),
                _ => None,
            }));
            bodies.push((name, items));
        }
    }
    if calls.is_empty() {
        return String::new();
    }
    calls.sort();
    calls.dedup();
    bodies.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = format!("\n// ---- by macros ----\n\n{}", calls.concat());
    for (name, items) in bodies {
        text += &format!("\n// {name}!\n");
        let none = Gates::new();
        let impls = items.iter().filter_map(|item| match item {
            Item::Impl(item) => Some((item, &none)),
            _ => None,
        });
        text += &implementations(impls, &none);
        for item in items.iter().filter(|item| !matches!(item, Item::Impl(_) | Item::Macro(_))) {
            text += &declaration(item, &none);
        }
    }
    text.replace(VARIABLE, "$")
}

/// Without documentation, and with nothing in inner braces, as functions have no body here.
fn bare(tokens: TokenStream) -> TokenStream {
    let mut bare = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                bare.push(Group::new(group.delimiter(), TokenStream::new()).into());
            }
            TokenTree::Group(group) if group.stream().to_string().starts_with("doc =") => {
                bare.pop(); // the sign before it
            }
            token => bare.push(token),
        }
    }
    bare.into_iter().collect()
}

/// The items in the rules of a macro; all of it as one if they cannot be told apart.
fn body(definition: &ItemMacro) -> Vec<Item> {
    let tokens: Vec<_> = definition.mac.tokens.clone().into_iter().collect();
    let bodies = tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Punct(arrow), TokenTree::Group(body)] if arrow.as_char() == '>' => {
            Some(plain(body.stream()))
        }
        _ => None,
    });
    match syn::parse2::<syn::File>(bodies.collect()) {
        Ok(file) => file.items,
        Err(_) => vec![Item::Macro(definition.clone())],
    }
}

/// Variables as names, repetitions once.
fn plain(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut plain = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => match tokens.next() {
                Some(TokenTree::Ident(name)) if name == "crate" => plain.push(name.into()),
                Some(TokenTree::Ident(name)) => {
                    plain.push(Ident::new(&format!("{VARIABLE}{name}"), name.span()).into());
                }
                Some(TokenTree::Group(repeated)) => {
                    plain.extend(self::plain(repeated.stream()));
                    // A separator may come first.
                    let is_sign = |token: &TokenTree| match token {
                        TokenTree::Punct(sign) => "*+?".contains(sign.as_char()),
                        _ => false,
                    };
                    while tokens.next_if(|token| !is_sign(token)).is_some() {}
                    tokens.next();
                }
                other => plain.extend(other),
            },
            TokenTree::Group(group) if group.delimiter() != Delimiter::None => {
                let inner = self::plain(group.stream());
                plain.push(Group::new(group.delimiter(), inner).into());
            }
            token => plain.push(token),
        }
    }
    plain.into_iter().collect()
}
