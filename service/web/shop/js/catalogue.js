// The lamps Halfmoon sells: twelve designs, each in two finishes.

const DESIGNS = [
  ["moth", "Moth", "table", 68, "A wide shade that keeps its light low, for reading after everyone is asleep.", 420, 5, 38],
  ["heron", "Heron", "floor", 189, "Stands on one leg beside the good chair and looks over your shoulder.", 800, 9, 152],
  ["pebble", "Pebble", "table", 42, "A night light the size of a grapefruit. Tap it to wake it.", 120, 2, 14],
  ["acorn", "Acorn", "pendant", 96, "Spun metal above the table, warm underneath and quiet on top.", 640, 7, 26],
  ["fennel", "Fennel", "table", 74, "Forty folds of paper. It rustles a little when the window is open.", 380, 5, 44],
  ["otter", "Otter", "portable", 55, "Holds on to a shelf, a bed frame or a book and never lets go.", 260, 4, 22],
  ["puddle", "Puddle", "table", 88, "A glass cap over a glass stem, lit from somewhere you cannot see.", 350, 5, 30],
  ["thimble", "Thimble", "pendant", 142, "Three small shades on three cords, hung as evenly as you like.", 900, 11, 60],
  ["quill", "Quill", "table", 119, "A thin arm for a busy desk. Stays exactly where you leave it.", 560, 7, 48],
  ["marrow", "Marrow", "floor", 134, "A tall paper lantern that fills a corner without asking for it.", 700, 8, 96],
  ["wick", "Wick", "portable", 59, "Nine hours on one charge, and a handle for the walk to the shed.", 300, 4, 24],
  ["comet", "Comet", "wall", 79, "Half a disc on the wall, throwing its light up and down.", 480, 6, 18],
];

const FINISHES = [
  { id: "", name: "brass", shade: "#d9973d", base: "#7a5226" },
  { id: "-moss", name: "moss", shade: "#7f9a6b", base: "#3f4f3a" },
  { id: "-clay", name: "clay", shade: "#c9735a", base: "#6b3a2c" },
  { id: "-dusk", name: "dusk", shade: "#8089b8", base: "#3d4260" },
];

const HUES = ["#d8a95c", "#8fa882", "#c98b75", "#8f97c4", "#c7a4b4", "#86a9ad"];

export const KINDS = { table: "Table", floor: "Floor", pendant: "Pendant", wall: "Wall", portable: "Portable" };

export const LAMPS = DESIGNS.flatMap(([design, name, kind, price, line, lumens, watts, height], n) =>
  [FINISHES[n % 4], FINISHES[(n + 2) % 4]].map((finish, second) => ({
    id: second ? `${design}${finish.id || "-brass"}` : design,
    design, name, kind, line, lumens, watts, height,
    finish: finish.name,
    price: price + second * 6,
    shade: finish.shade,
    base: finish.base,
    hue: HUES[(n + second * 2) % HUES.length],
  }))
).sort((a, b) => Number(a.id.includes("-")) - Number(b.id.includes("-")));

/** One lamp by its id, or undefined. */
export const lamp = (id) => LAMPS.find((one) => one.id === id);

/** Lamps whose name, kind or finish starts with each word typed. */
export function matching(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return LAMPS.filter((one) => {
    const text = `${one.name} ${one.kind} ${one.finish} lamp`.toLowerCase().split(" ");
    return wanted.every((word) => text.some((part) => part.startsWith(word)));
  });
}

/** A price in euros, whole ones without cents. */
export const euros = (sum) => `€${Number.isInteger(sum) ? sum : sum.toFixed(2)}`;
