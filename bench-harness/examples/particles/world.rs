//! A world of particles, each a box of its own. It is written once, for any allocator.

use std::f32::consts::TAU;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;

/// How much time passes in a step.
const STEP: f32 = 1.0 / 60.0;
const GRAVITY: f32 = -9.8;
/// Steps that a particle lives: at least, and less than.
const LIFE: (u32, u32) = (8, 40);
/// Steps from one burst of a world to its next.
pub const PERIOD: u64 = 64;
/// Where particles come from. They take turns.
const EMITTERS: [[f32; 3]; 4] =
    [[-6.0, 0.0, 0.0], [-2.0, 1.0, 1.0], [2.0, 1.0, -1.0], [6.0, 0.0, 0.0]];

/// Columns and lines of a picture.
const PICTURE: (usize, usize) = (64, 10);

/// One of many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Particle {
    position: [f32; 3],
    velocity: [f32; 3],
    /// Red, green, blue, opacity.
    colour: [f32; 4],
    size: f32,
    drag: f32,
    /// In steps, as `life`.
    age: u32,
    life: u32,
    /// How many its world had made before.
    number: u64,
}

const _: () = assert!(size_of::<Particle>() == 64);

impl Particle {
    fn advance(&mut self) {
        self.velocity[1] += GRAVITY * STEP;
        for (position, velocity) in self.position.iter_mut().zip(&mut self.velocity) {
            *velocity *= self.drag;
            *position += *velocity * STEP;
        }
        if self.position[1] < 0.0 {
            self.position[1] = -self.position[1];
            self.velocity[1] *= -0.6;
        }
        self.age += 1;
        self.colour[3] = 1.0 - self.age as f32 / self.life as f32;
        self.size *= 1.01;
    }

    fn is_dead(&self) -> bool {
        self.age >= self.life
    }
}

/// Particles, and what makes more of them.
#[derive(Debug)]
pub struct World<A: Allocator + Copy> {
    particles: Vec<Box<Particle, A>>,
    /// Places of those that died in this step, ascending.
    dead: Vec<usize>,
    allocator: A,
    random: fastrand::Rng,
    /// Particles made so far.
    made: u64,
    /// Particles asked for in each step, and in a burst.
    rate: usize,
    burst: usize,
    /// The step of a period in which the burst comes.
    burst_at: u64,
}

impl<A: Allocator + Copy> World<A> {
    /// The `number`th of `worlds` worlds that may hold `bound` particles together. They live at three
    /// fifths of the bound; now and then one of them asks for half of it at once.
    pub fn new(seed: u64, number: usize, worlds: usize, bound: usize, allocator: A) -> Self {
        let average_life = (LIFE.0 + LIFE.1) as usize / 2;
        Self {
            particles: Vec::new(),
            dead: Vec::new(),
            allocator,
            random: fastrand::Rng::with_seed(seed.wrapping_add(number as u64)),
            made: 0,
            rate: (3 * bound).div_ceil(5 * worlds * average_life),
            burst: bound.div_ceil(2),
            burst_at: PERIOD * (2 * number as u64 + 1) / (2 * worlds as u64),
        }
    }

    /// How many are alive.
    pub fn alive(&self) -> usize {
        self.particles.len()
    }

    /// Ages and moves all of them, and notes who died. Takes and gives back nothing.
    pub fn advance(&mut self) {
        for (place, particle) in self.particles.iter_mut().enumerate() {
            particle.advance();
            if particle.is_dead() {
                self.dead.push(place);
            }
        }
    }

    /// Drops the dead, which lie anywhere among the others; tells how many.
    pub fn cull(&mut self) -> usize {
        let dead = self.dead.len();
        // From the back, so that the places before stay what they were.
        for place in self.dead.drain(..).rev() {
            self.particles.swap_remove(place);
        }
        dead
    }

    /// How many more the emitters ask for in this step.
    pub fn wanted(&self, step: u64) -> usize {
        self.rate + if step % PERIOD == self.burst_at { self.burst } else { 0 }
    }

    /// Makes so many, or fewer if the allocator refuses one; tells how many.
    pub fn spawn(&mut self, count: usize) -> usize {
        for spawned in 0..count {
            let Ok(particle) = Box::try_new_in(self.next(), self.allocator) else {
                return spawned;
            };
            self.particles.push(particle);
        }
        count
    }

    /// Asks the allocator for so many more and keeps none; tells how many it refused.
    pub fn refused(&self, count: usize) -> usize {
        let is_refused = || Box::try_new_in(Particle::default(), self.allocator).is_err();
        (0..count).filter(|_| is_refused()).count()
    }

    fn next(&mut self) -> Particle {
        let emitter = self.made as usize % EMITTERS.len();
        let (angle, speed) = (self.random.f32() * TAU, self.random.f32() * 6.0);
        let hue = emitter as f32 / EMITTERS.len() as f32;
        self.made += 1;
        Particle {
            position: EMITTERS[emitter],
            velocity: [angle.cos() * speed, 4.0 + self.random.f32() * 6.0, angle.sin() * speed],
            colour: [1.0 - hue, 0.5, hue, 1.0],
            size: 0.1,
            drag: 0.99,
            age: 0,
            life: self.random.u32(LIFE.0..LIFE.1),
            number: self.made - 1,
        }
    }

    /// A number that two worlds share only if every particle is the same, and in the same place.
    pub fn checksum(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for particle in &self.particles {
            let Particle { position, velocity, colour, size, drag, .. } = **particle;
            for number in position.iter().chain(&velocity).chain(&colour).chain([&size, &drag]) {
                hasher.write_u32(number.to_bits());
            }
            hasher.write_u32(particle.age);
            hasher.write_u32(particle.life);
            hasher.write_u64(particle.number);
        }
        hasher.finish()
    }

    /// The world from the front, in a few lines of text.
    pub fn picture(&self) -> String {
        const SHADES: [char; 6] = [' ', '.', ':', '*', '#', '@'];
        let (columns, lines) = PICTURE;
        let mut counts = vec![0_usize; columns * lines];
        for particle in &self.particles {
            let [x, y, _] = particle.position;
            let column = ((x + 10.0) / 20.0 * columns as f32) as usize;
            let line = (y / 5.0 * lines as f32) as usize;
            if column < columns && line < lines {
                counts[(lines - 1 - line) * columns + column] += 1;
            }
        }
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let mut picture = String::new();
        for line in counts.chunks(columns) {
            let shade = |&count: &usize| SHADES[(count * (SHADES.len() - 1)).div_ceil(most)];
            let shaded: String = line.iter().map(shade).collect();
            writeln!(picture, "{}", shaded.trim_end()).expect("a string takes all");
        }
        picture
    }
}
