//! The report as a browser shows it: nothing is asked of the network, nothing goes wrong, and each
//! chart is there and can be read, on a phone as on a desk, in light, in dark and on paper.
//!
//! `.ci/run browser` runs these, where there is Chromium or it can be installed.

mod chromium;
#[path = "../support/fixture.rs"]
mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chromium::Chromium;
use serde_json::{Value, json};

const PHONE: (u32, u32) = (390, 844);
const SMALL_PHONE: (u32, u32) = (360, 740);
const DESK: (u32, u32) = (1280, 900);

/// What a page looks like: its charts with their size and their letters, and how wide all is.
const LOOKS: &str = r#"(() => {
    const charts = [...document.querySelectorAll('svg[role=img]')].map(svg => {
        const box = svg.getBoundingClientRect();
        const scale = box.width / svg.viewBox.baseVal.width;
        const texts = [...svg.querySelectorAll('text')];
        return {
            title: svg.querySelector('title').textContent,
            section: svg.closest('section')?.id ?? null,
            width: box.width,
            height: box.height,
            letters: Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize) * scale)),
            cut: texts.filter(text => {
                const own = text.getBoundingClientRect();
                return own.left < box.left - 1 || own.right > box.right + 1
                    || own.top < box.top - 1 || own.bottom > box.bottom + 1;
            }).map(text => text.textContent.trim()),
        };
    });
    const root = document.documentElement;
    const paper = document.querySelector('.paper');
    return {
        charts,
        overflow: root.scrollWidth - innerWidth,
        background: paper ? getComputedStyle(paper).fill : getComputedStyle(root).backgroundColor,
        closed: [...document.querySelectorAll('details')]
            .filter(details => !details.lastElementChild.checkVisibility()).length,
    };
})()"#;

/// The report of the fixture in that form.
fn report(format: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [from, to] = ["json", format].map(|form| folder.join(format!("browser-{format}.{form}")));
    fs::write(&from, fixture::record().to_string()).expect("a file in the target folder");
    let made = Command::new(env!("CARGO_BIN_EXE_bench-harness"))
        .args(["--format", format])
        .args([Path::new("--from"), &from, Path::new("--output"), &to])
        .status();
    assert!(made.expect("the command starts").success());
    to
}

/// Opens a file and fails if anything was complained of, or anything else was asked for.
fn open(browser: &mut Chromium, file: &Path) {
    let url = format!("file://{}", file.display());
    for event in browser.open(&url) {
        let method = event["method"].as_str().unwrap_or_default();
        let complaint = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        assert!(!complaint.contains(&method), "{event}");
        if method == "Network.requestWillBeSent" {
            let asked = event["params"]["request"]["url"].as_str().unwrap_or_default();
            assert!(asked == url || asked.starts_with("data:"), "{event}");
        }
    }
}

fn looks(browser: &mut Chromium, screen: (u32, u32), medium: &str, scheme: &str) -> Value {
    browser.look(screen, medium, scheme);
    browser.evaluate(LOOKS)
}

fn charts(looks: &Value) -> &Vec<Value> {
    looks["charts"].as_array().expect("a list of charts")
}

#[test]
#[ignore = "needs Chromium: .ci/run browser"]
fn the_page_shows_every_chart_and_fits_every_screen() {
    let mut browser = Chromium::start();
    let page = report("html");
    for screen in [SMALL_PHONE, PHONE, DESK] {
        browser.look(screen, "screen", "light");
        open(&mut browser, &page);
        let looks = looks(&mut browser, screen, "screen", "light");
        assert!(looks["overflow"].as_i64() <= Some(0), "{screen:?}: {}", looks["overflow"]);
        for section in ["headline", "scaling", "latency", "sweeps"] {
            let found = charts(&looks).iter().any(|chart| chart["section"] == section);
            assert!(found, "no chart in {section}: {looks}");
        }
        for chart in charts(&looks) {
            let at_least = |what: &str, least| chart[what].as_f64() >= Some(least);
            assert!(at_least("width", 250.0) && at_least("height", 150.0), "{screen:?}: {chart}");
            assert!(at_least("letters", 10.0), "{screen:?}: {chart}");
            assert_eq!(chart["cut"], json!([]), "{screen:?}: {chart}");
            assert_ne!(chart["title"], "", "{chart}");
        }
    }
    let light = looks(&mut browser, DESK, "screen", "light");
    let dark = looks(&mut browser, DESK, "screen", "dark");
    assert_ne!(light["background"], dark["background"]);
    assert_eq!(charts(&light).len(), charts(&dark).len());
    let paper = looks(&mut browser, DESK, "print", "dark");
    assert_eq!(paper["background"], "rgb(255, 255, 255)", "paper is white");
    assert_eq!(paper["closed"], 0, "on paper nothing can be opened");
    assert!(light["closed"].as_i64() > Some(0), "on a screen it can: {light}");
}

#[test]
#[ignore = "needs Chromium: .ci/run browser"]
fn the_picture_stands_alone_in_light_and_dark() {
    let mut browser = Chromium::start();
    open(&mut browser, &report("svg"));
    let light = looks(&mut browser, DESK, "screen", "light");
    let dark = looks(&mut browser, DESK, "screen", "dark");
    assert_ne!(light["background"], dark["background"]);
    for chart in charts(&light) {
        assert_eq!(chart["cut"], json!([]), "{chart}");
    }
    assert_eq!(charts(&light).len(), 1);
}
