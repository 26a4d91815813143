// Quotes that a reader keeps, in this browser alone, and what the keys do.
import { all, download, find, make, open, smooth, step, stored } from "./source.js";

const NOTES = `sourcier notes ${location.pathname}`;
const MOST = 500;

const notes = () => Object.entries(stored(NOTES, {}));

function store(kept) {
  try {
    if (kept.length > MOST) throw new Error("too many");
    localStorage.setItem(NOTES, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    alert(find("#notes").dataset.full);
  }
  markKept();
}

export function markKept() {
  const kept = new Set(notes().map(([link]) => link));
  const words = find("#notes")?.dataset;
  if (!words) return;
  for (const button of all("[data-keep-from]")) {
    const pressed = kept.has(button.dataset.keepFrom);
    if ((button.ariaPressed === "true") === pressed) continue;
    button.ariaPressed = pressed;
    button.textContent = pressed ? words.kept : words.keep;
  }
  find("#more .count").textContent = kept.size ? `(${kept.size})` : "";
}

async function keep(button) {
  const link = button.dataset.keepFrom;
  const others = notes().filter(([other]) => other !== link);
  if (button.ariaPressed === "true") return store(others);
  let content = button.dataset.keep;
  if (!content) {
    // The references are the source's, whatever shows the quote.
    const asked = new URLSearchParams(link);
    asked.set("document", asked.get("source"));
    const answer = await fetch(`source?${asked}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    content = find("[data-keep]", page)?.dataset.keep;
  }
  if (content) store([...others, [link, JSON.parse(content)]]);
}

function list() {
  const dialog = find("#notes");
  const items = notes().map(([link, note]) => {
    const remove = make("button", { type: "button", className: "quiet" }, dialog.dataset.remove);
    remove.addEventListener("click", () => {
      store(notes().filter(([other]) => other !== link));
      list();
      find(".close", dialog).focus();
    });
    const place = make("a", { href: link, className: "to-source" }, note.place);
    return make("li", {}, make("blockquote", {}, note.quote), make("p", {}, place, " ", remove));
  });
  find("ol", dialog).replaceChildren(...items);
  find(".none", dialog).hidden = items.length > 0;
  find(".exports", dialog).hidden = items.length === 0;
}

function save(kind) {
  const { opening, ending } = find("#notes").dataset;
  const [before, after] = kind === "rdf" ? [opening, ending] : ["", ""];
  const parts = notes().map(([, note]) => note[kind]);
  download({ name: `citations.${kind}`, text: before + parts.join(kind === "rdf" ? "" : "\n") + after });
}

function show(name) {
  if (name === "notes") list();
  find(`#${name}`).showModal();
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target) {
    if (event.target.matches("dialog")) event.target.close(); // what is around it
  } else if (target.dataset.keepFrom) keep(target);
  else if (target.dataset.dialog) show(target.dataset.dialog);
  else if (target.dataset.export) save(target.dataset.export);
  else if (target.matches("dialog .close, dialog .to-source")) target.closest("dialog").close();
});

document.addEventListener("shown", markKept);

// --- Keys -----------------------------------------------------------------------------------------

const ON = "sourcier keys";

function turn(by) {
  const turns = all("#log .turn");
  const top = turns.findLastIndex((one) => one.getBoundingClientRect().top < 80);
  const next = turns[Math.min(Math.max(top + by, 0), turns.length - 1)];
  next?.scrollIntoView({ block: "start", behavior: smooth() });
  const marker = next && find(".cit, summary", next);
  marker?.focus({ preventScroll: true });
}

function openSource() {
  const focused = document.activeElement.closest("article");
  const turns = all("#log .turn.answered");
  const first = find(".cit", focused || turns.at(-1) || document.createElement("p"));
  if (first) open(first);
}

const press = (selector) => find(selector)?.click();
const KEYS = {
  "?": () => show("keys"),
  "/": () => find("#box textarea").focus(),
  j: () => turn(1),
  k: () => turn(-1),
  o: openSource,
  n: () => step(1),
  p: () => step(-1),
  f: () => find("#source:not([hidden]) .within input")?.focus(),
  v: () => press("#source:not([hidden]) [data-page='0']"),
  g: () => press("#source:not([hidden]) [data-keep]"),
  l: () => show("notes"),
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const typing = target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
  // One letter may be what a voice says, or a hand that trembles: it can be switched off.
  if (!Object.hasOwn(KEYS, key) || (stored(ON, true) === false && key !== "?")) return;
  event.preventDefault();
  KEYS[key]();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("#keys input")) return;
  try {
    localStorage.setItem(ON, JSON.stringify(event.target.checked));
  } catch {
    // No storage: until the page is left.
  }
});
document.addEventListener("toggle", (event) => {
  if (event.target.id === "keys") find("#keys input").checked = stored(ON, true);
}, true);
