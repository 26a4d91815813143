// The reader's side of the page: examples, citations, the source beside the chat, files to save.
// Everything shown comes from the server as escaped HTML; nothing here builds HTML from text.
"use strict";
(() => {
  // Gradio speaks the browser's language; this page is in French.
  for (const [name, value] of [["language", "fr"], ["languages", ["fr"]]]) {
    Object.defineProperty(navigator, name, { get: () => value });
  }

  const find = (selector, from = document) => from.querySelector(selector);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const smooth = () => (calm.matches ? "auto" : "smooth");
  const box = () => find("#box textarea, #box input");

  // --- Asking -----------------------------------------------------------------------------------

  function ask(question) {
    const field = box();
    const prototype = Object.getPrototypeOf(field);
    Object.getOwnPropertyDescriptor(prototype, "value").set.call(field, question);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => find("#send").click(), 30);
  }

  function focus(onlyWhenFull = false) {
    const field = box();
    if (!field || (onlyWhenFull && !field.value)) return;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  function download(file) {
    if (!file || !file.text) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: "text/plain" }));
    link.download = file.name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  window.sourcier = { download, focus };

  // --- The source beside the chat ---------------------------------------------------------------

  let origin = null; // the link that opened the source
  let steps = []; // the links that previous and next go through

  const panel = () => find("#source");

  async function open(link) {
    origin = link;
    steps = link.matches(".cit") ? [...link.closest("article").querySelectorAll(".cit")] : [];
    mark(link);
    await show(new URL(link.href).searchParams);
    // The chat is narrower now: what was clicked stays in sight.
    link.scrollIntoView({ block: "nearest" });
  }

  async function show(params) {
    const aside = panel();
    const query = new URLSearchParams({
      document: params.get("source"),
      start: params.get("start") || 0,
      end: params.get("end") || 0,
    });
    const scroller = find(".document", aside);
    try {
      const answer = await fetch(`source?${query}`);
      if (!answer.ok && answer.status !== 404) throw new Error(answer.status);
      scroller.innerHTML = await answer.text();
    } catch {
      scroller.textContent = aside.dataset.unreadable;
    }
    const position = steps.indexOf(origin);
    find(".steps", aside).hidden = steps.length < 2;
    find(".position", aside).textContent = `${position + 1} / ${steps.length}`;
    find('[data-step="-1"]', aside).disabled = position <= 0;
    find('[data-step="1"]', aside).disabled = position >= steps.length - 1;
    aside.hidden = false;
    document.body.classList.add("with-source");
    history.replaceState(null, "", `?${params}`);
    const cited = find("#cited", aside);
    scroller.scrollTop = 0;
    if (cited) {
      const above = cited.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
      scroller.scrollTop = above - scroller.clientHeight / 3;
      cited.focus({ preventScroll: true });
    } else {
      aside.focus({ preventScroll: true });
    }
  }

  function mark(link) {
    document.querySelectorAll(".cit.current").forEach((other) => other.classList.remove("current"));
    if (link) link.classList.add("current");
  }

  function close() {
    panel().hidden = true;
    document.body.classList.remove("with-source");
    history.replaceState(null, "", location.pathname);
    mark(null);
    if (origin && origin.isConnected) origin.focus();
    origin = null;
  }

  async function copy(button, text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure context there is no clipboard: the old way.
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    const label = button.textContent;
    button.textContent = panel().dataset.copied;
    setTimeout(() => (button.textContent = label), 1200);
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("a, button");
    if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target.matches(".example")) ask(target.textContent);
    else if (target.matches("a.cit, a.to-source")) {
      event.preventDefault();
      open(target);
    } else if (target.matches("#source .close")) close();
    else if (target.matches("#source .step")) {
      const next = steps[steps.indexOf(origin) + Number(target.dataset.step)];
      if (next) open(next);
    } else if (target.dataset.copy) copy(target, target.dataset.copy);
    else if (target.dataset.copyLink) {
      copy(target, new URL(target.dataset.copyLink, document.baseURI).href);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel() && !panel().hidden) close();
  });

  // --- Following the conversation -----------------------------------------------------------------

  let last = "";

  function follow() {
    const turns = document.querySelectorAll("#log .turn");
    const turn = turns[turns.length - 1];
    const now = turn ? `${turn.id} ${find(".question", turn).textContent}` : "";
    if (now === last) return;
    last = now;
    if (turn) turn.scrollIntoView({ block: "start", behavior: smooth() });
    else window.scrollTo({ top: 0, behavior: smooth() });
  }

  // Gradio builds the page after this script has run.
  const ready = new MutationObserver(() => {
    const log = find("#log");
    if (!log || !panel() || !box()) return;
    ready.disconnect();
    new MutationObserver(follow).observe(log, { childList: true, subtree: true, characterData: true });
    const params = new URLSearchParams(location.search);
    if (params.get("source")) show(params);
    else focus();
  });
  ready.observe(document, { childList: true, subtree: true });
})();
