// Draws each lamp as a few flat shapes; the glow is a shape of its own that CSS turns on and off.

const glow = (cx, cy, rx, ry = rx) =>
  `<ellipse class="glow" cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}"/>`;
const beam = (points) => `<path class="glow beam" d="${points}"/>`;

const DRAWINGS = {
  moth: (s, b) => beam("M52 96h96l34 80H18z") +
    `<path fill="${b}" d="M96 92h8v70h-8z"/><path fill="${b}" d="M68 170a32 10 0 0 1 64 0z"/>
     <path fill="${s}" d="M36 98a64 58 0 0 1 128 0z"/><circle class="bulb" cx="100" cy="101" r="8"/>`,
  heron: (s, b) => beam("M112 62l52-4 14 112H92z") +
    `<path fill="none" stroke="${b}" stroke-width="5" d="M60 172V62q0-30 34-30h38"/>
     <path fill="${b}" d="M36 170h48v6H36z"/><path fill="${s}" d="M112 62q2-34 28-34t26 30z"/>
     <circle class="bulb" cx="139" cy="62" r="7"/>`,
  pebble: (s, b) => glow(100, 118, 86) +
    `<circle fill="${s}" cx="100" cy="118" r="44"/><circle class="bulb wide" cx="100" cy="118" r="34"/>
     <path fill="${b}" d="M62 158h76l-8 12H70z"/>`,
  acorn: (s, b) => beam("M58 112h84l34 70H24z") +
    `<path stroke="${b}" stroke-width="3" d="M100 0v52"/><path fill="${b}" d="M90 50h20l4 16H86z"/>
     <path fill="${s}" d="M52 114q0-50 48-50t48 50z"/><circle class="bulb" cx="100" cy="116" r="9"/>`,
  fennel: (s, b) => glow(100, 84, 84, 74) +
    `<path fill="${b}" d="M95 118h10v42H95zM74 160h52v10H74z"/>
     <path fill="${s}" d="M74 46h52l26 74H48z"/>
     <path fill="none" class="fold" d="M84 46L68 120M94 46l-6 74M106 46l6 74M116 46l16 74"/>`,
  otter: (s, b) => beam("M112 88l44-30 36 106H86z") +
    `<path fill="${b}" d="M34 130h34v14H34zM40 144h22v26H40z"/>
     <path fill="none" stroke="${b}" stroke-width="5" d="M52 132q-6-66 56-66"/>
     <path fill="${s}" d="M100 84l34-46q28 6 26 34z"/><circle class="bulb" cx="138" cy="78" r="7"/>`,
  puddle: (s, b) => glow(100, 92, 84, 70) +
    `<path fill="${b}" opacity=".75" d="M84 90h32l10 76H74z"/><path fill="${b}" d="M66 166h68v6H66z"/>
     <path fill="${s}" opacity=".92" d="M38 96q4-54 62-54t62 54q-62 16-124 0z"/>
     <ellipse class="bulb" cx="100" cy="99" rx="34" ry="5"/>`,
  thimble: (s, b) => [[52, 62], [100, 96], [148, 46]].map(([x, y]) =>
    beam(`M${x - 18} ${y + 34}h36l14 58h-64z`) +
    `<path stroke="${b}" stroke-width="2.5" d="M${x} 0v${y}"/>
     <path fill="${s}" d="M${x - 20} ${y + 36}l6-36h28l6 36z"/><circle class="bulb" cx="${x}" cy="${y + 37}" r="6"/>`).join(""),
  quill: (s, b) => beam("M116 60l46 10-2 104H64z") +
    `<path fill="${b}" d="M34 166h52v8H34z"/>
     <path fill="none" stroke="${b}" stroke-width="4" d="M60 166L42 104l92-54"/>
     <circle fill="${b}" cx="42" cy="104" r="6"/><path fill="${s}" d="M112 52l14-20 46 22-10 18z"/>
     <circle class="bulb" cx="138" cy="64" r="6"/>`,
  marrow: (s, b) => glow(100, 98, 78, 92) +
    `<rect fill="${s}" x="64" y="22" width="72" height="142" rx="34"/>
     <path class="fold" fill="none" d="M66 52h68M64 76h72M64 100h72M64 124h72M67 146h66"/>
     <path fill="${b}" d="M78 164h44v8H78z"/>`,
  wick: (s, b) => glow(100, 112, 76) +
    `<path fill="none" stroke="${b}" stroke-width="5" d="M68 74q0-48 32-48t32 48"/>
     <path fill="${b}" d="M62 72h76v12H62zM62 152h76v18H62z"/><path fill="${s}" opacity=".55" d="M68 84h64v68H68z"/>
     <path class="bulb" d="M100 98q18 20 0 42q-18-22 0-42z"/>`,
  comet: (s, b) => beam("M64 70L40 0h120l-24 70z") + beam("M64 130l-24 70h120l-24-70z") +
    `<path fill="${b}" d="M92 60h16v80H92z"/><path fill="${s}" d="M100 56a44 44 0 0 1 0 88a60 60 0 0 1 0-88z"/>
     <path fill="${s}" d="M100 56a44 44 0 0 0 0 88a60 60 0 0 0 0-88z" opacity=".8"/>`,
};

/** The drawing of one lamp as SVG text; `label` empty means decoration. */
export function drawing(lamp, label = "") {
  const name = label ? `role="img" aria-label="${label}"` : `aria-hidden="true"`;
  const shapes = DRAWINGS[lamp.design](lamp.shade, lamp.base).replace(/\n\s+/g, "");
  return `<svg class="art" viewBox="0 0 200 200" ${name}>${shapes}</svg>`;
}

/** Facts drawn as pictures for the product gallery: front, in a room, size, and the light it throws. */
export function gallery(lamp) {
  const inner = DRAWINGS[lamp.design](lamp.shade, lamp.base).replace(/\n\s+/g, "");
  const small = (scale, x, y) => `<g transform="translate(${x} ${y}) scale(${scale})">${inner}</g>`;
  const frame = (name, shapes) =>
    `<svg class="art" viewBox="0 0 200 200" role="img" aria-label="${name}">${shapes}</svg>`;
  return [
    [`${lamp.name} from the front`, inner],
    [`${lamp.name} in a room`, `<path class="sketch" d="M0 168h200M20 168v-26h56v26M30 142V96h36v46"/>${small(0.62, 86, 44)}`],
    [`${lamp.name}, ${lamp.height} cm tall`, `<path class="sketch" d="M34 30v140M26 30h16M26 170h16"/>${small(0.8, 42, 22)}`],
    [`The light of ${lamp.name} at night`, `<rect class="night" width="200" height="200"/>${inner}`],
  ].map(([name, shapes]) => ({ name, svg: frame(name, shapes) }));
}
