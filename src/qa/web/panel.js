// The reader's side of the page: asking, what survives a reload, adding documents.
import { markKept } from "./notes.js";
import {
  close, download, find, fold, make, open, panel, propose, show, smooth, stored,
} from "./source.js";

(() => {
  // Gradio speaks the browser's language; this page has its own.
  const spoken = document.documentElement.lang;
  for (const [name, value] of [["language", spoken], ["languages", [spoken]]]) {
    Object.defineProperty(navigator, name, { get: () => value });
  }

  const box = () => find("#box textarea, #box input");

  // --- Asking -----------------------------------------------------------------------------------

  let asked = false; // a question of this page, not one that is brought back

  function ask(question) {
    const field = box();
    field.value = question;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => find("#send").click(), 30);
  }

  // A question that came by link (?q=…) follows what is brought back, once Gradio listens.
  async function askAtRest(question) {
    for (let pause = 100; !asked; pause = 3000) {
      await new Promise((later) => setTimeout(later, pause));
      if (box() && !document.body.classList.contains("asking")) ask(question);
    }
  }

  function focus(onlyWhenFull = false) {
    const field = box();
    if (!field || (onlyWhenFull && !field.value)) return;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  function asking(now) {
    asked ||= now;
    document.body.classList.toggle("asking", now);
  }

  // --- What survives a reload -------------------------------------------------------------------
  // What was asked, the text in the box and the settings, in this tab alone: the answers are looked
  // for again.

  const KEPT = `sourcier ${location.pathname}`;
  const MOST = 48000; // bytes, below what the server reads at once

  function kept() {
    const found = stored(KEPT, {}, "sessionStorage");
    return { id: "", turns: [], draft: "", settings: [], scope: null, ...found };
  }

  function state() {
    const before = kept();
    const chosen = [...document.querySelectorAll("#choices input:checked")].map((i) => i.value);
    const settings = chosen.map((value, position) => (position ? value : Number(value)));
    return {
      id: before.id,
      turns: before.turns,
      draft: box().value.slice(0, 3000),
      settings: settings.length ? settings : before.settings,
      scope: JSON.parse(find("#scope [data-scope]")?.dataset.scope || "null"),
    };
  }

  function keep() {
    const turns = [...document.querySelectorAll("#log .turn")].map((turn) => turn.dataset.kept);
    while (new Blob(turns).size > MOST) turns.shift();
    const found = state();
    if (turns.length) {
      found.turns = turns.map((turn) => JSON.parse(turn));
      found.id = remember(found.id, found.turns);
    }
    save(found);
  }

  function save(state) {
    try {
      if (state.scope || Object.values(state).some((part) => part?.length)) {
        sessionStorage.setItem(KEPT, JSON.stringify(state));
      } else sessionStorage.removeItem(KEPT);
    } catch {
      // No storage in this browser: nothing is kept.
    }
  }

  let told = null; // asks the server again what was asked

  function bringBack(trigger) {
    if (trigger) told = trigger;
    const { id, ...found } = kept();
    const question = new URLSearchParams(location.search).get("q");
    if (question) {
      history.replaceState(null, "", location.pathname);
      askAtRest(question);
    }
    if (found.turns?.length) document.body.classList.add("asking");
    if (found.scope || Object.values(found).some((part) => part?.length)) told("submit", found);
  }

  function forget() {
    asking(false);
    focus();
    save({ ...state(), id: "", turns: [] });
  }

  // The page may be left, or the server lost, with a question in the box.
  window.addEventListener("pagehide", keep);

  // --- Conversations that the browser keeps -----------------------------------------------------
  // The newest first: a name, when it was last added to, and what was asked.

  const PAST = `${KEPT} conversations`;

  const past = () => stored(PAST, []);

  function savePast(conversations) {
    try {
      localStorage.setItem(PAST, JSON.stringify(conversations));
    } catch {
      // No room: the oldest goes. No storage in this browser: nothing is kept.
      if (conversations.length) savePast(conversations.slice(0, -1));
    }
    drawPast();
  }

  function remember(id, turns) {
    const others = past();
    const names = new Set(turns.map((turn) => turn.identity));
    const has = (one) => one.turns.some((turn) => names.has(turn.identity));
    const known = others.find((one) => one.id === id) || others.find(has);
    if (known && JSON.stringify(known.turns) === JSON.stringify(turns)) return known.id;
    const now = { id: turns[0].identity, name: turns[0].message, ...known, turns, moment: Date.now() };
    savePast([now, ...others.filter((one) => one !== known)]);
    return now.id;
  }

  function drawPast() {
    const place = find("#past");
    if (!place) return;
    const words = fold(find("input", place).value).split(/\s+/);
    const shown = past().filter((one) => {
      const text = fold([one.name, ...one.turns.map((turn) => turn.message)].join(" "));
      return words.every((word) => text.includes(word));
    });
    find("ul", place).replaceChildren(...shown.map((one) => pastItem(one, place.dataset)));
    find(".none", place).hidden = shown.length > 0;
  }

  function pastItem(one, words) {
    const button = (label, action) => {
      const made = make("button", { type: "button" }, label);
      made.dataset.past = action;
      return made;
    };
    const moment = new Date(one.moment).toLocaleString(spoken, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    const acts = [button(words.rename, "rename"), " ", button(words.erase, "erase")];
    const item = make("li", {}, button(one.name, "open"), " ", make("time", {}, moment), " ", ...acts);
    item.dataset.id = one.id;
    return item;
  }

  function actOnPast(action, id) {
    const words = find("#past").dataset;
    const all = past();
    const one = all.find((other) => other.id === id);
    if (action === "open") {
      save({ ...state(), id, turns: one.turns });
      find("#chat-button").click();
      bringBack();
    } else if (action === "rename") {
      const name = prompt(words.name, one.name)?.trim();
      if (name) savePast(all.map((other) => (other === one ? { ...one, name } : other)));
    } else if (action === "erase" && confirm(words.sure.replace("{name}", one.name))) {
      savePast(all.filter((other) => other !== one));
    } else if (action === "all" && confirm(words.all)) savePast([]);
  }

  document.addEventListener("input", (event) => event.target.matches("#past input") && drawPast());

  // --- Where to search --------------------------------------------------------------------------

  let ticked = ""; // the name of what was ticked last: its tick is drawn anew, and keeps the focus

  function stay() {
    keep();
    const named = [...document.querySelectorAll("#documents [data-name]")];
    if (document.activeElement === document.body) named.find((b) => b.dataset.name === ticked)?.focus();
  }

  window.sourcier = { asking, bringBack, download, drawPast, focus, forget, stay };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    if (target.dataset.name) ticked = target.dataset.name;
    if (target.matches(".example")) ask(target.textContent);
    else if (target.dataset.past) actOnPast(target.dataset.past, target.closest("li")?.dataset.id);
    else if (target.dataset.tab) find(`#${target.dataset.tab}-button`).click();
    else if (target.dataset.remove) confirm(target.dataset.ask) && remove(target.dataset.remove);
    else if (target.dataset.replace) replace(target.dataset.replace);
  });

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    // In a field of a search it empties that first.
    if (key !== "Escape" || find("dialog[open]") || (target.type === "search" && target.value)) return;
    if (document.body.classList.contains("asking")) find("#stop").click();
    else if (panel() && !panel().hidden) close();
    else document.activeElement.blur();
  });

  // --- Adding documents -------------------------------------------------------------------------

  const drop = () => find("#drop");

  function tell(name, text) {
    const list = find("ul", drop());
    let item = [...list.children].find((other) => other.dataset.name === name);
    if (!item) {
      item = make("li", {}, make("strong", {}, name), " ", make("span"));
      item.dataset.name = name;
      list.append(item);
    }
    if (item.lastChild.textContent !== text) item.lastChild.textContent = text;
  }

  function send(file, name = file.name) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      const words = drop().dataset;
      request.upload.onprogress = (event) => {
        const share = Math.floor((100 * event.loaded) / Math.max(1, event.total));
        tell(name, words.sending.replace("{share}", share));
      };
      request.onload = () => {
        if (request.status !== 202) {
          let detail = words.notSent;
          try {
            detail = JSON.parse(request.responseText).detail || detail;
          } catch {
            // A proxy's own page: it has no detail.
          }
          tell(name, detail);
        }
        done(request.status === 202);
      };
      request.onerror = () => {
        tell(name, words.notSent);
        done(false);
      };
      request.open("POST", `documents?name=${encodeURIComponent(name)}`);
      request.send(file);
    });
  }

  let watching = false;

  async function watch() {
    if (watching) return;
    watching = true;
    const [states, steps] = [JSON.parse(drop().dataset.states), JSON.parse(drop().dataset.steps)];
    let busy = true;
    while (busy) {
      try {
        const status = await (await fetch("documents")).json();
        busy = status.busy;
        for (const { name, state, detail } of status.additions) {
          let text = [states[state], detail].filter(Boolean).join("\u00a0: ");
          const { step, done, total } = status.progress || {};
          if (state === "indexing" && step) text += `, ${steps[step]} ${done}${total ? ` / ${total}` : ""}`;
          tell(name, text);
        }
      } catch {
        busy = false;
      }
      if (busy) await new Promise((later) => setTimeout(later, 400));
    }
    watching = false;
    drop().dispatchEvent(new Event("added", { bubbles: true }));
  }

  async function add(files, name) {
    for (const file of files) if (await send(file, name)) watch();
  }

  async function remove(name) {
    const answer = await fetch(`documents?name=${encodeURIComponent(name)}`, { method: "DELETE" });
    if (answer.ok) watch();
    else tell(name, (await answer.json()).detail);
  }

  let replaced = ""; // the added document in whose place the next chosen file comes

  function replace(name) {
    replaced = name;
    find("#drop input").click();
  }

  document.addEventListener("cancel", () => (replaced = ""), true);
  document.addEventListener("change", (event) => {
    if (!event.target.matches("#drop input")) return;
    const [first, ...others] = event.target.files;
    add([first], replaced || first.name).then(() => add(others));
    replaced = event.target.value = "";
  });

  const carriesFiles = (event) => [...event.dataTransfer.types].includes("Files");

  // Where no document may be added, a file is not opened in place of the page either.
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const welcome = "upload" in panel().dataset;
    event.dataTransfer.dropEffect = welcome ? "copy" : "none";
    document.body.classList.toggle("dropping", welcome);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", async (event) => {
    document.body.classList.remove("dropping");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (!("upload" in panel().dataset)) return;
    const files = [...event.dataTransfer.files];
    find("#corpus-button").click();
    // Gradio makes what a tab shows when it is opened first.
    while (!drop()) await new Promise(requestAnimationFrame);
    add(files);
  });

  // --- Following the conversation -----------------------------------------------------------------

  let last = "";

  function follow() {
    keep();
    markKept();
    const turns = document.querySelectorAll("#log .turn");
    const turn = turns[turns.length - 1];
    const now = turn ? `${turn.id} ${find(".question", turn).textContent}` : "";
    if (now === last) return;
    last = now;
    if (asked && !panel().hidden) {
      // The source of another answer would pass for the source of this one.
      const first = turn?.matches(".answered") && find(".cit", turn);
      if (first) open(first, false);
      else close();
    }
    if (turn?.matches(".answered")) propose(turn);
    if (turn) turn.scrollIntoView({ block: "start", behavior: smooth() });
    else window.scrollTo({ top: 0, behavior: smooth() });
  }

  // Gradio tells in English that the server is lost, and would wait for its answer for ever; it
  // loads the page again once the server is back.
  function translate() {
    const told = find('[data-testid="toast-text"]');
    if (!told?.textContent.startsWith("Connection to the server")) return;
    told.textContent = panel().dataset.lost;
    asking(false);
  }

  // Gradio builds the page after this script has run.
  let ready = false;
  new MutationObserver(() => {
    translate();
    const log = find("#log");
    if (ready || !log || !panel() || !box()) return;
    ready = true;
    new MutationObserver(follow).observe(log, { childList: true, subtree: true, characterData: true });
    const params = new URLSearchParams(location.search);
    if (params.get("source")) show(params);
    else focus();
  }).observe(document, { childList: true, subtree: true });
})();
