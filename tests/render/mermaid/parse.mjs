// Reads a JSON list of diagrams, and writes what the real Mermaid finds in each: its type and its
// nodes, edges, boxes or actors and messages with their texts as people see them, and the texts of
// the finished drawing; or its error.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("", { pretendToBeVisual: true });
for (const name of ["document", "Element", "SVGElement", "CSSStyleSheet", "XMLSerializer"]) {
  globalThis[name] ??= window[name]; // Mermaid wants a browser, to clean texts and to draw
}
globalThis.window = window;
// jsdom lays nothing out: every text is as large as any other
const size = () => ({ x: 0, y: 0, top: 0, left: 0, right: 80, bottom: 20, width: 80, height: 20 });
window.SVGElement.prototype.getBBox = size;
window.SVGElement.prototype.getComputedTextLength = () => 80;
window.Element.prototype.getBoundingClientRect = size;
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false });
let drawings = 0;

function seen(text) {
  const element = window.document.createElement("p");
  // Mermaid hides entity codes behind these signs until a drawing is done
  const entities = (text ?? "").replace(/ﬂ°°/g, "&#").replace(/ﬂ°/g, "&").replace(/¶ß/g, ";");
  element.innerHTML = entities.replace(/<br\s*\/?>/g, "\n");
  return element.textContent;
}

function flowchart(db) {
  const vertices = [...db.getVertices().values()];
  const edges = db.getEdges().map((e) => [e.start, e.end, seen(e.text), e.stroke]);
  const boxes = db.getSubGraphs().map((box) => [box.id, seen(box.title), box.nodes]);
  return { nodes: vertices.map((v) => [v.id, seen(v.text ?? v.id)]), edges, boxes };
}

function sequence(db) {
  const actors = [...db.getActors().values()].map((a) => [a.name, seen(a.description), a.type]);
  const type = Object.fromEntries(Object.entries(db.LINETYPE).map(([name, n]) => [n, name]));
  const messages = db.getMessages().map((m) => [type[m.type], m.from, m.to, seen(m.message)]);
  return { actors, messages };
}

async function draw(text) {
  const { svg } = await mermaid.render(`drawing${drawings++}`, text);
  const element = window.document.createElement("div");
  element.innerHTML = svg.replace(/<style>.*?<\/style>/gs, "").replace(/<br\s*\/?>/g, "\n");
  const found = element.querySelectorAll("foreignObject p, text");
  return [...found].map((each) => each.textContent);
}

async function read(text) {
  try {
    const { diagramType } = await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    const found = diagramType === "sequence" ? sequence(db) : flowchart(db);
    return { type: diagramType, ...found, drawn: await draw(text) };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

const found = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) found.push(await read(text));
process.stdout.write(JSON.stringify(found));
