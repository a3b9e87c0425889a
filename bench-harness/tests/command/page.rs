//! The report for people and its picture, as made from stored records.

use std::fs;
use std::path::Path;

use roxmltree::{Document, Node};
use serde_json::{Value, json};

use crate::fixture;
use crate::support::run;

/// A file that stays in the target folder, to be looked at.
fn file(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"))
}

/// The report of a record, in that form.
fn report(name: &str, record: &Value, format: &str) -> String {
    let (from, to) = (file(&format!("{name}-{format}.json")), file(&format!("{name}.{format}")));
    fs::write(&from, record.to_string()).expect("a file in the target folder");
    let output = run(&["--from", &from, "--format", format, "--output", &to]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    fs::read_to_string(&to).expect("the report is written")
}

/// The page as XML, which asks for more than HTML does: what is opened is closed, what is quoted ends.
fn as_xml(page: &str) -> String {
    let page = page.strip_prefix("<!DOCTYPE html>").expect("an HTML document");
    let mut xml = String::new();
    for part in page.split_inclusive('>') {
        let void = ["<meta ", "<link ", "<wbr>"].iter().any(|start| part.contains(start));
        xml.push_str(if void { &part[..part.len() - 1] } else { part });
        xml.push_str(if void { "/>" } else { "" });
    }
    xml
}

fn sections(document: &Document) -> Vec<String> {
    let sections = document.descendants().filter(|node| node.has_tag_name("section"));
    sections.filter_map(|node| node.attribute("id")).map(str::to_owned).collect()
}

fn pictures<'a>(document: &'a Document) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.attribute("role") == Some("img")).collect()
}

fn has_text(document: &Document, text: &str) -> bool {
    document.descendants().filter_map(|node| node.text()).any(|found| found.contains(text))
}

/// The cells of a record.
fn cells(record: &mut Value) -> &mut Vec<Value> {
    record["cells"].as_array_mut().expect("a list of cells")
}

#[test]
fn the_page_is_well_formed_and_has_every_section_in_order() {
    let page = as_xml(&report("whole", &fixture::record(), "html"));
    let document = Document::parse(&page).expect("well-formed");
    let expected = [
        "verdicts",
        "headline",
        "heat",
        "scaling",
        "latency",
        "sweeps",
        "bulk",
        "comparison",
        "machine",
        "settings",
        "method",
        "raw",
    ];
    assert_eq!(sections(&document), expected);
    let pictures = pictures(&document);
    // The headline; 4 workloads and a speedup; 3 timed calls; 3 sweeps.
    assert_eq!(pictures.len(), 1 + 5 + 3 + 3);
    for picture in pictures {
        for child in ["title", "desc"] {
            let text = picture.children().find(|node| node.tag_name().name() == child);
            let text = text.and_then(|node| node.text()).unwrap_or_default();
            assert!(!text.is_empty(), "a picture without its {child}");
        }
    }
}

#[test]
fn a_section_without_figures_is_left_out() {
    let mut record = fixture::record();
    cells(&mut record).retain(|cell| cell["workload"] == "burst" && cell["threads"] == 1);
    for absent in ["latencies", "timer", "scaling", "comparison", "settings", "unable"] {
        record.as_object_mut().expect("an object").remove(absent);
    }
    let page = as_xml(&report("little", &record, "html"));
    let document = Document::parse(&page).expect("well-formed");
    let expected = ["verdicts", "headline", "heat", "machine", "settings", "method", "raw"];
    assert_eq!(sections(&document), expected);
    assert_eq!(pictures(&document).len(), 1);
    let targets = document.descendants().filter(|node| node.attribute("class") == Some("target"));
    assert_eq!(targets.count(), 0, "none was set");
}

#[test]
fn every_contender_and_every_workload_is_named() {
    let mut record = fixture::record();
    let page = as_xml(&report("named", &record, "html"));
    let document = Document::parse(&page).expect("well-formed");
    for cell in cells(&mut record) {
        for field in ["contender", "path", "workload"] {
            let name = cell[field].as_str().expect("a name");
            assert!(has_text(&document, name), "{name}");
        }
    }
    assert!(has_text(&document, "cannot: has no bound"));
}

/// It is in the tables of all figures, since it was measured, and nowhere else: it competes with nobody.
#[test]
fn the_control_is_in_no_verdict_and_in_no_picture() {
    let page = as_xml(&report("control", &fixture::record(), "html"));
    let document = Document::parse(&page).expect("well-formed");
    let section = |id: &str| {
        let mut sections = document.descendants().filter(|node| node.has_tag_name("section"));
        let section = sections.find(|node| node.attribute("id") == Some(id)).expect(id);
        section.descendants().filter_map(|node| node.text()).collect::<Vec<_>>().join(" ")
    };
    assert!(section("heat").contains("control"));
    for id in ["verdicts", "headline", "scaling", "latency", "sweeps"] {
        assert!(!section(id).contains("control"), "{id}");
    }
}

#[test]
fn what_a_record_says_is_text_and_nothing_else() {
    let hostile = "</style></svg></title><script>alert(\"1\")</script>&amp;'";
    let mut record = fixture::record();
    for cell in cells(&mut record) {
        if cell["contender"] == "block-mutex" {
            cell["contender"] = json!(hostile);
        }
        if cell["workload"] == "burst" {
            cell["workload"] = json!(hostile);
        }
    }
    record["machine"]["cpu"] = json!(hostile);
    record["commit"] = json!(hostile);
    record["notes"] = json!([hostile]);
    record["timer"]["source"] = json!(hostile);
    record["latencies"][0]["call"] = json!(hostile);
    record["comparison"]["changes"][0]["contender"] = json!(hostile);
    let page = as_xml(&report("hostile", &record, "html"));
    let picture = report("hostile", &record, "svg");
    for (text, times) in [(page, 20), (picture, 3)] {
        let document = Document::parse(&text).expect("well-formed");
        assert!(document.descendants().all(|node| !node.has_tag_name("script")));
        let found = document.descendants().filter(|node| node.is_text());
        let found = found.filter(|node| node.text().is_some_and(|text| text.contains(hostile)));
        assert!(found.count() >= times);
    }
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    for format in ["html", "svg"] {
        let text = report("alone", &fixture::record(), format);
        let text = text.replace("http://www.w3.org/2000/svg", "");
        for load in ["http:", "https:", "src=", "@import", "url(", "<script", "//fonts"] {
            assert!(!text.contains(load), "{load} in {format}");
        }
    }
}

#[test]
fn samples_do_not_make_the_page_longer() {
    let few = fixture::record();
    let mut many = few.clone();
    for cell in cells(&mut many) {
        cell["samples_ns"] = json!(vec![1.5; 300]);
    }
    let [few, many] = [few, many].map(|record| report("samples", &record, "html").len());
    assert!(many - few <= 2 * 500, "{few} to {many} bytes: counts grew, nothing else");
}

#[test]
fn the_picture_has_a_bar_for_one_thread_and_for_all_cores() {
    let picture = report("headline", &fixture::record(), "svg");
    let document = Document::parse(&picture).expect("well-formed");
    let bars = document.descendants().filter_map(|node| node.attribute("class"));
    let bars = bars.filter(|class| class.starts_with("bar k")).count();
    // Nine contenders, of one of them two paths; and the loop is one of the nine.
    assert_eq!(bars, 2 * (9 + 1));
    for text in ["1 thread", "4 threads", "block-lockfree", "handle", "target 28 ns", "log scale"] {
        assert!(has_text(&document, text), "{text}");
    }
    assert!(!has_text(&document, "16 threads"), "there are four cores");
}

/// Else two bars have one name.
#[test]
fn with_one_number_of_threads_two_rows_of_a_contender_are_told_apart() {
    let mut record = fixture::record();
    cells(&mut record).retain(|cell| cell["threads"] == 1);
    let picture = report("single", &record, "svg");
    let document = Document::parse(&picture).expect("well-formed");
    for name in ["block-lockfree/handle", "block-lockfree/unchecked", "block-mutex"] {
        let named = document.descendants().filter(Node::is_text);
        let named = named.filter(|node| node.text() == Some(name)).count();
        assert_eq!(named, 1, "{name}");
    }
}

#[test]
fn a_run_can_be_shown_without_being_stored() {
    for format in ["html", "svg"] {
        let grid = ["--time=0.05", "--threads=1", "--workload=pair", "--capacity=100"];
        let output = run(&[&grid[..], &["--contender=mutex,loop", "--format", format]].concat());
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let text = if format == "html" { as_xml(&text) } else { text };
        let document = Document::parse(&text).expect("well-formed");
        assert!(
            has_text(&document, "block-mutex")
                && has_text(&document, "Processor").eq(&(format == "html"))
        );
    }
}

#[test]
fn a_comparison_shows_the_later_record_and_what_has_changed() {
    let mut record = fixture::record();
    let path = file("compared.json");
    record.as_object_mut().expect("an object").remove("comparison");
    fs::write(&path, record.to_string()).expect("a file in the target folder");
    let output = run(&["--compare", &path, "--with", &path, "--format", "html"]);
    let page = as_xml(&String::from_utf8(output.stdout).expect("UTF-8"));
    let document = Document::parse(&page).expect("well-formed");
    assert!(sections(&document).contains(&"comparison".to_owned()));
    assert!(has_text(&document, "0 slower"), "it was compared with itself");
}

#[test]
fn a_record_that_cannot_be_shown_gets_one_clear_line() {
    let path = file("refused.json");
    let sound = fixture::record();
    let mut without = sound.clone();
    cells(&mut without)[0].as_object_mut().expect("an object").remove("median_ns");
    let mut timeless = sound.clone();
    cells(&mut timeless)[0]["median_ns"] = json!(0.0);
    let wrong = [
        ("table", sound.to_string(), "--from makes --format html or svg"),
        (
            "html",
            sound.to_string().replace("bench-harness record", "else"),
            "no bench-harness record",
        ),
        ("svg", sound.to_string().split_off(100), "no JSON"),
        ("svg", timeless.to_string(), "is not above 0"),
        ("html", without.to_string(), "the record is damaged: missing field `median_ns`"),
    ];
    for (format, content, said) in wrong {
        fs::write(&path, content).expect("a file in the target folder");
        let output = run(&["--from", &path, "--format", format, "--output", &file("refused.out")]);
        let line = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(said) && line.lines().count() == 1, "{said}: {line}");
        assert!(!Path::new(&file("refused.out")).exists());
    }
}

/// What the page says above all else.
fn answer(record: &Value) -> String {
    let page = as_xml(&report("answer", record, "html"));
    let document = Document::parse(&page).expect("well-formed");
    let found = document.descendants().find(|node| node.attribute("class") == Some("answer"));
    let found = found.expect("an answer").descendants().filter(Node::is_text);
    found.filter_map(|node| node.text()).collect()
}

/// The safe path is the headline, and no factor is named that is below what the control differs by.
#[test]
fn the_answer_is_about_the_safe_path_and_silent_where_there_is_noise() {
    let mut record = fixture::record();
    let noisy = answer(&record);
    assert!(noisy.contains("too noisy to rank") && !noisy.contains("times as"), "{noisy}");
    let twin: Vec<_> = cells(&mut record)
        .iter()
        .filter(|cell| cell["contender"] == bench_harness::lineup::OURS && cell["path"] == "handle")
        .map(|cell| cell["median_ns"].as_f64().expect("a number"))
        .collect();
    let mut twin = twin.into_iter();
    for cell in cells(&mut record) {
        if cell["contender"] == "control" {
            cell["median_ns"] = json!(1.01 * twin.next().expect("as many"));
        }
    }
    let told = answer(&record);
    assert!(told.starts_with(&format!("{} takes ", bench_harness::lineup::OURS)), "{told}");
    assert!(told.contains("times as fast as the best general allocator"), "{told}");
    assert!(told.contains("unchecked") && !told.contains("noisy"), "{told}");
    // Where the loop alone exceeds the target nothing is said either.
    for cell in cells(&mut record) {
        cell["loop_ns"] = json!(100.0);
    }
    assert!(!answer(&record).contains("times as"));
}
