//! Time per operation and resident memory over the run.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use super::drift::WARM_UP;
use super::record::{LOOP, Record, Series, What};

const WIDTH: u32 = 760;
const HEIGHT: u32 = 600;
/// The part of the picture for times.
const UPPER: u32 = 360;
/// The room for names at the ends of lines.
const RIGHT: u32 = 104;
/// Between the middles of two names at least.
const APART: i32 = 17;

const INK: RGBColor = RGBColor(27, 31, 36);
const QUIET: RGBColor = RGBColor(87, 96, 106);
const RULE: RGBColor = RGBColor(212, 217, 223);
/// Told apart in grey as well; those of the report's charts.
const COLOURS: [RGBColor; 5] = [
    RGBColor(0, 103, 176),
    RGBColor(196, 78, 0),
    RGBColor(0, 128, 92),
    RGBColor(161, 68, 127),
    RGBColor(138, 106, 0),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The picture, as SVG.
pub(crate) fn svg(record: &Record) -> String {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
        draw(record, &area).expect("drawing into a string cannot fail");
    }
    text
}

fn draw(record: &Record, area: &Area<'_>) -> Drawn {
    area.fill(&WHITE)?;
    let (upper, lower) = area.split_vertically(UPPER);
    let pools: Vec<_> = record.pools().chain([LOOP]).collect();
    let times: Vec<Line<'_>> = pools
        .iter()
        .zip(COLOURS.iter().cycle())
        .filter_map(|(pool, colour)| {
            let mean = record.of(Some(pool), What::LeastNs).find(|it| it.workload.is_none())?;
            Some(line(pool, *colour, mean, 1.0))
        })
        .collect();
    let ends = ends(&times);
    let low_and_high = ends.start / 1.4..ends.end * 1.4;
    let title = "time: ns for a block taken and given back, mean of all workloads, log scale";
    panel(record, &upper, title, low_and_high.log_scale(), &times)?;

    let memory: Vec<_> = [("all of it", What::ResidentKib), ("no file's", What::AnonymousKib)]
        .into_iter()
        .zip(COLOURS)
        .filter_map(|((name, what), colour)| {
            Some(line(name, colour, record.of(None, what).next()?, 1024.0))
        })
        .collect();
    let most = self::ends(&memory).end;
    panel(record, &lower, "resident memory: MiB", 0.0..1.25 * most, &memory)?;
    area.present()
}

/// A name and what is drawn for it.
struct Line<'a> {
    name: &'a str,
    colour: RGBColor,
    values: Vec<f64>,
}

fn line<'a>(name: &'a str, colour: RGBColor, series: &Series, unit: f64) -> Line<'a> {
    Line { name, colour, values: series.values.iter().map(|value| value / unit).collect() }
}

/// The least and the greatest value; something for an axis where there is none.
fn ends(lines: &[Line<'_>]) -> Range<f64> {
    let values = || lines.iter().flat_map(|line| &line.values).copied().filter(|it| *it > 0.0);
    let most = values().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() { values().fold(most, f64::min)..most } else { 1.0..2.0 }
}

fn panel<Y>(record: &Record, area: &Area<'_>, title: &str, y: Y, lines: &[Line<'_>]) -> Drawn
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let (unit, seconds) = unit(record.counts.seconds);
    let area = area.titled(title, ("sans-serif", 17).into_font().color(&INK))?;
    let end = (record.counts.seconds / seconds).max(f64::MIN_POSITIVE);
    let mut chart = ChartBuilder::on(&area)
        .margin_right(RIGHT)
        .x_label_area_size(38)
        .y_label_area_size(54)
        .build_cartesian_2d(0.0..end, y)?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(RULE)
        .axis_style(QUIET)
        .label_style(("sans-serif", 14, &QUIET))
        .x_label_formatter(&|at| format!("{at}"))
        .y_label_formatter(&|at| format!("{at}"))
        .x_desc(format!("{unit}; the first tenth is warm-up"))
        .draw()?;
    let warm = WARM_UP * record.seconds.last().unwrap_or(&0.0) / seconds;
    let mut names = Vec::new();
    for Line { name, colour, values } in lines {
        let points = record.seconds.iter().map(|at| at / seconds).zip(values.iter().copied());
        let points: Vec<_> = points.collect();
        let split = points.partition_point(|(at, _)| *at < warm);
        chart.draw_series(LineSeries::new(points[..split].iter().copied(), colour.mix(0.4)))?;
        let rest = points[split.saturating_sub(1)..].iter().copied();
        chart.draw_series(LineSeries::new(rest, colour.stroke_width(2)))?;
        names.extend(points.last().map(|last| (chart.backend_coord(last), *name, *colour)));
    }
    names.sort_by_key(|((_, y), ..)| *y);
    let mut free = i32::MIN;
    for ((x, y), name, colour) in names {
        let y = y.max(free);
        free = y + APART;
        let style = ("sans-serif", 15).into_font().color(&colour);
        let (left, top) = area.get_base_pixel();
        area.draw(&Text::new(name, (x - left + 8, y - top - 8), style))?;
    }
    Ok(())
}

/// What the run's length is told in, and its seconds.
fn unit(length: f64) -> (&'static str, f64) {
    match length {
        ..300.0 => ("seconds", 1.0),
        300.0..10_800.0 => ("minutes", 60.0),
        _ => ("hours", 3600.0),
    }
}
