//! A chart of lines: drawn by `plotters`, coloured by the page's style sheet.
//!
//! `plotters` knows colours only. Each line and each part of the axes gets a colour of its own that
//! stands for a class, and the finished picture names the classes instead: so one style sheet serves
//! light, dark and print.

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::Axis;
use super::palette::{Looks, Mark};
use super::words::full_name;

/// The size of the picture; on the page it is as wide as there is room.
const WIDTH: u32 = 380;
const HEIGHT: u32 = 260;
/// Half the width of a mark.
const MARK: i32 = 4;

/// A chart.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    pub(super) title: String,
    /// What a reader who does not see it needs to know.
    pub(super) description: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line<'a>>,
    /// Level lines, and what they are.
    pub(super) levels: Vec<Level>,
}

/// What is measured of one contender.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) contender: &'a str,
    pub(super) path: &'a str,
    pub(super) points: Vec<(f64, f64)>,
    /// What was foretold instead of measured: thin, and without marks.
    pub(super) foretold: bool,
}

/// A value to compare with.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) class: LevelClass,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum LevelClass {
    Target,
    Timer,
}

/// A colour that stands for a class.
#[derive(Clone, Copy, Debug)]
enum Role {
    Axis,
    Grid,
    Text,
    Target,
    Timer,
    Line(Looks),
    Foretold(Looks),
    Mark(Looks),
}

impl Role {
    fn stand_in(self) -> RGBColor {
        match self {
            Self::Axis => RGBColor(0, 1, 0),
            Self::Grid => RGBColor(0, 1, 1),
            Self::Text => RGBColor(0, 1, 2),
            Self::Target => RGBColor(0, 1, 3),
            Self::Timer => RGBColor(0, 1, 4),
            Self::Line(looks) => RGBColor(1, 1, looks.slot()),
            Self::Foretold(looks) => RGBColor(1, 2, looks.slot()),
            Self::Mark(looks) => RGBColor(1, 3, looks.slot()),
        }
    }

    fn class(self) -> String {
        match self {
            Self::Axis => "axis".to_owned(),
            Self::Grid => "grid".to_owned(),
            Self::Text => "label".to_owned(),
            Self::Target => "target".to_owned(),
            Self::Timer => "timer".to_owned(),
            Self::Line(looks) => format!("line {}", looks.class()),
            Self::Foretold(looks) => format!("line foretold {}", looks.class()),
            Self::Mark(looks) => format!("mark {}", looks.class()),
        }
    }
}

/// What drawing returns.
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

impl Chart<'_> {
    /// The chart with its title above and its legend below.
    pub(super) fn figure(&self) -> Markup {
        html! {
            figure class="chart" {
                figcaption { (self.title) }
                p class="axis-title" { "↑ " (self.y.title) }
                (self.picture())
                p class="axis-title below" { (self.x.title) " →" }
                (self.legend())
            }
        }
    }

    fn picture(&self) -> Markup {
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(self.title) {
                title { (self.title) }
                desc { (self.description) }
                (PreEscaped(self.drawn()))
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul class="legend" {
                @for line in self.lines.iter().filter(|line| !line.foretold) {
                    li { (swatch(line.contender)) (full_name(line.contender, line.path)) }
                }
                @if self.lines.iter().any(|line| line.foretold) {
                    li { svg class="swatch" viewBox="0 0 26 12" aria-hidden="true" {
                        path class="line foretold" d="M0 6H26" {}
                    } "foretold" }
                }
                @for level in &self.levels {
                    li { svg class="swatch" viewBox="0 0 26 12" aria-hidden="true" {
                        path class=(level.role().class()) d="M0 6H26" {}
                    } (level.name) }
                }
            }
        }
    }

    /// What `plotters` draws, classes in place of colours, without the outermost element.
    fn drawn(&self) -> String {
        let mut text = String::new();
        {
            let area = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
            self.draw(&area).expect("drawing into a string cannot fail");
        }
        let roles = [Role::Axis, Role::Grid, Role::Text, Role::Target, Role::Timer];
        let lines = self.lines.iter().flat_map(|line| {
            let looks = Looks::of(line.contender);
            [Role::Line(looks), Role::Foretold(looks), Role::Mark(looks)]
        });
        for role in roles.into_iter().chain(lines) {
            let RGBColor(red, green, blue) = role.stand_in();
            let class = format!("class=\"{}\"", role.class());
            for attribute in ["stroke", "fill"] {
                let colour = format!("{attribute}=\"#{red:02X}{green:02X}{blue:02X}\"");
                text = text.replace(&colour, &class);
            }
        }
        let inner = text.split_once('>').map_or("", |(_, inner)| inner);
        inner.trim_end().trim_end_matches("</svg>").to_owned()
    }

    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
        let mut chart = ChartBuilder::on(area)
            .margin_top(8)
            .margin_right(16)
            .x_label_area_size(24)
            .y_label_area_size(54)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .bold_line_style(Role::Grid.stand_in())
            .axis_style(Role::Axis.stand_in())
            .label_style(("sans-serif", 15, &Role::Text.stand_in()))
            .draw()?;
        let (left, right) = self.x.ends;
        for level in &self.levels {
            let ends = [(left, level.value), (right, level.value)];
            chart.draw_series(LineSeries::new(ends, level.role().stand_in()))?;
        }
        for line in &self.lines {
            let points = line.points.iter().copied();
            let looks = Looks::of(line.contender);
            let role = if line.foretold { Role::Foretold(looks) } else { Role::Line(looks) };
            chart.draw_series(LineSeries::new(points.clone(), role.stand_in()))?;
            if !line.foretold {
                let filled = Role::Mark(looks).stand_in().filled();
                let mark = |at| EmptyElement::at(at) + Polygon::new(outline(looks.mark()), filled);
                chart.draw_series(points.map(mark))?;
            }
        }
        area.present()
    }
}

impl Level {
    fn role(&self) -> Role {
        match self.class {
            LevelClass::Target => Role::Target,
            LevelClass::Timer => Role::Timer,
        }
    }
}

/// A mark's corners around its middle.
fn outline(mark: Mark) -> Vec<(i32, i32)> {
    let (m, n) = (MARK, MARK + 1);
    match mark {
        Mark::Circle => {
            vec![(-2, -m), (2, -m), (m, -2), (m, 2), (2, m), (-2, m), (-m, 2), (-m, -2)]
        }
        Mark::Square => vec![(-m, -m), (m, -m), (m, m), (-m, m)],
        Mark::Triangle => vec![(0, -n), (n, m), (-n, m)],
        Mark::Diamond => vec![(0, -n - 1), (n, 0), (0, n + 1), (-n, 0)],
        Mark::Cross => vec![
            (-n, -3),
            (-3, -n),
            (0, -2),
            (3, -n),
            (n, -3),
            (2, 0),
            (n, 3),
            (3, n),
            (0, 2),
            (-3, n),
            (-n, 3),
            (-2, 0),
        ],
    }
}

/// A contender's line and mark, to stand before its name.
pub(super) fn swatch(contender: &str) -> Markup {
    let looks = Looks::of(contender);
    let corners = outline(looks.mark()).into_iter().map(|(x, y)| format!("{},{}", 13 + x, 6 + y));
    html! {
        svg class="swatch" viewBox="0 0 26 12" aria-hidden="true" {
            path class={ "line " (looks.class()) } d="M0 6H26" {}
            polygon class={ "mark " (looks.class()) } points=(corners.collect::<Vec<_>>().join(" ")) {}
        }
    }
}
