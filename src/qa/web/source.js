// The source beside the chat: a document at its span, its page as it was printed.
// Everything shown comes from the server as escaped HTML; nothing here builds HTML from text.

export const find = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];
export const panel = () => find("#source");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const smooth = () => (calm.matches ? "auto" : "smooth");

let origin = null; // the link that opened the source
let steps = []; // the links that previous and next go through
let shown = null; // the address of what is shown, as URLSearchParams

export async function open(link, focused = true) {
  origin = link;
  steps = link.matches(".cit") ? all(".cit", link.closest("article")) : [];
  all(".cit.current").forEach((other) => other.classList.remove("current"));
  link.classList.add("current");
  const { search, searchParams } = new URL(link.href);
  // « Back » closes the source, however many were looked at.
  if (panel().hidden) history.pushState("source", "", search);
  else history.replaceState(history.state, "", search);
  await show(searchParams, focused);
  check(link);
  // The chat is narrower now: what was clicked stays in sight.
  if (focused) link.scrollIntoView({ block: "nearest" });
}

const address = (name, params, more = {}) =>
  `${name}?${new URLSearchParams({
    document: params.get("source"),
    start: params.get("start") || 0,
    end: params.get("end") || 0,
    ...more,
  })}`;

async function fill(place, url) {
  try {
    const answer = await fetch(url);
    if (!answer.ok && answer.status !== 404) throw new Error(answer.status);
    place.innerHTML = await answer.text();
    return answer.ok;
  } catch {
    place.replaceChildren(notice(panel().dataset.unreadable));
    return false;
  }
}

export async function show(params, focused = true) {
  const aside = panel();
  const scroller = find(".document", aside);
  shown = params;
  await fill(scroller, address("source", params));
  const position = steps.indexOf(origin);
  find(".steps", aside).hidden = steps.length < 2;
  find(".position", aside).textContent = `${position + 1} / ${steps.length}`;
  find('[data-step="-1"]', aside).disabled = position <= 0;
  find('[data-step="1"]', aside).disabled = position >= steps.length - 1;
  aside.hidden = false;
  document.body.classList.add("with-source");
  drawn();
  const cited = find("#cited", aside);
  scroller.scrollTop = 0;
  if (cited) reveal(scroller, cited);
  if (focused) (cited || aside).focus({ preventScroll: true });
}

function reveal(scroller, element) {
  const above = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollTop += above - scroller.clientHeight / 3;
}

export function notice(text) {
  const told = document.createElement("p");
  told.className = "notice alert";
  told.setAttribute("role", "alert");
  told.textContent = text;
  return told;
}

// The index may have changed since the answer: then the span is no longer the quote.
function check(link) {
  const quote = link.closest("blockquote")?.querySelector("q");
  const body = find("#source .body");
  if (!quote || !body) return;
  const found = all("mark", body).map((part) => part.textContent).join("");
  if (found.replace(/\s/g, "") === quote.textContent.replace(/\s/g, "")) return;
  const told = notice(panel().dataset.changed);
  body.before(told);
  told.scrollIntoView({ block: "center" });
}

export function close() {
  if (history.state === "source") history.back();
  else hide();
}

function hide() {
  panel().hidden = true;
  document.body.classList.remove("with-source");
  if (location.search) history.replaceState(null, "", location.pathname);
  if (!origin) return;
  origin.classList.remove("current");
  if (origin.isConnected && !document.activeElement.matches("#box *")) origin.focus();
  origin = null;
}

window.addEventListener("popstate", () => {
  const params = new URLSearchParams(location.search);
  if (params.get("source")) show(params);
  else if (!panel().hidden) hide();
});

export function step(by) {
  const next = steps[steps.indexOf(origin) + by];
  if (next) open(next);
}

// --- The page as it was printed -------------------------------------------------------------------

let wanted = false; // pages are seen beside the texts, as long as they are not put away

async function drawn(number = 0) {
  const button = find("#source [data-page='0']");
  const place = find("#source .page");
  place.hidden = !(wanted && button);
  panel().classList.toggle("with-page", !place.hidden);
  button?.setAttribute("aria-pressed", String(wanted));
  if (place.hidden) return;
  const held = document.activeElement.closest("#source .page [data-page]");
  await fill(place, address("page", shown, { number }));
  const mark = find("mark", place);
  if (mark) reveal(find(".sheet", place), mark);
  // The button that was pressed is another one now.
  if (held) all("[data-page]:not(:disabled)", place).at(held.textContent === "→" ? -1 : 0)?.focus();
}

export async function copy(button, text) {
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
  const { page, copy: text, copyLink: link } = target.dataset;
  if (target.matches("a.cit, a.to-source")) {
    event.preventDefault();
    open(target);
  } else if (target.matches("#source .close")) close();
  else if (target.matches("#source .step")) step(Number(target.dataset.step));
  else if (page === "0") {
    wanted = !wanted;
    drawn();
  } else if (page) drawn(page);
  else if (text) copy(target, text);
  else if (link) copy(target, new URL(link, document.baseURI).href);
});
