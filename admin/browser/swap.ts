/**
 * Shows another state of the same page in place: the server renders it, and the part of the page
 * that holds the rows is exchanged. Nothing else moves, and each state has its URL.
 */
const PART = "#swap";
/** What stands around it and changes with it: the head of the log, and the keys that work. */
const AROUND = ["head", "hints", "keys-list"];

/** The last request wins: an earlier answer that comes later is dropped. */
let latest = 0;

/**
 * @param isNew whether the state is one to come back to
 * @returns whether the page shows it
 */
export async function swapTo(url: string, isNew: boolean): Promise<boolean> {
	const turn = ++latest;
	const answer = await fetch(url, { headers: { Accept: "text/html" } });
	const text = await answer.text();
	if (turn !== latest) return false;
	const page = new DOMParser().parseFromString(text, "text/html");
	const [old, now] = [document.querySelector(PART), page.querySelector(PART)];
	if (!answer.ok || !old || !now) {
		location.assign(url);
		return false;
	}
	exchangeParts(page);
	keepLive(old, now);
	const focused = document.activeElement?.id;
	const kept = old.querySelector("form");
	const isTyping = kept?.contains(document.activeElement) ?? false;
	if (isTyping && kept) exchangeAround(old, now, kept);
	else old.replaceWith(document.adoptNode(now));
	for (const id of AROUND) {
		const part = page.getElementById(id);
		if (part) document.getElementById(id)?.replaceWith(document.adoptNode(part));
	}
	if (isNew) history.pushState({ swapped: true }, "", answer.url);
	if (focused && !isTyping) document.getElementById(focused)?.focus();
	document.dispatchEvent(new Event("varve:swapped"));
	return true;
}

/**
 * Shows the parts of the page anew that tell how something is. The rows stay, and so does a part in
 * which somebody has opened something, or stands.
 */
export async function refreshParts(): Promise<void> {
	const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
	if (!answer.ok) return;
	exchangeParts(new DOMParser().parseFromString(await answer.text(), "text/html"));
	document.dispatchEvent(new Event("varve:swapped"));
}

function exchangeParts(page: Document): void {
	for (const old of document.querySelectorAll("[data-part]")) {
		const now = page.getElementById(old.id);
		const isUsed = old.contains(document.activeElement) || old.querySelector("details[open]");
		if (now && !isUsed) old.replaceWith(document.adoptNode(now));
	}
}

/** The live line keeps its state and its listeners. */
function keepLive(old: Element, now: Element): void {
	const [line, next] = [
		old.querySelector<HTMLElement>("#live"),
		now.querySelector<HTMLElement>("#live"),
	];
	if (!line || !next) return;
	line.dataset.last = next.dataset.last;
	next.replaceWith(line);
}

/** Exchanges all but the form, so that a person who types in it goes on typing. */
function exchangeAround(old: Element, now: Element, form: HTMLFormElement): void {
	for (const child of [...old.children]) if (child !== form) child.remove();
	for (const child of [...now.children]) {
		if (!(child instanceof HTMLFormElement)) old.append(document.adoptNode(child));
	}
}

/** Rows open in place, and filters answer while they are typed. */
export function swapLinks(): void {
	document.addEventListener("click", (event) => {
		if (event.defaultPrevented || event.button !== 0 || isModified(event)) return;
		const link = (event.target as Element).closest<HTMLAnchorElement>("a.open[aria-expanded]");
		if (!link) return;
		event.preventDefault();
		void swapTo(link.href, true).then(() => document.dispatchEvent(new Event("varve:reading")));
	});
	addEventListener("popstate", () => void swapTo(location.href, false));
	const form = document.querySelector<HTMLFormElement>("form[data-swap]");
	form?.addEventListener("input", () =>
		later(
			() =>
				void swapTo(urlOf(form), false).then((shown) => {
					if (shown) history.replaceState({ swapped: true }, "", urlOf(form));
				}),
		),
	);
}

function isModified({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
	return ctrlKey || metaKey || shiftKey || altKey;
}

const TYPING_MS = 150;
let timer: ReturnType<typeof setTimeout> | undefined;

function later(act: () => void): void {
	clearTimeout(timer);
	timer = setTimeout(act, TYPING_MS);
}

function urlOf(form: HTMLFormElement): string {
	const query = new URLSearchParams();
	for (const [name, value] of new FormData(form)) query.set(name, String(value));
	return `${form.action}?${query}`;
}

/** A click on the core leads to the events of its layer. */
export function jumpByCore(): void {
	document.addEventListener("click", (event) => {
		const core = (event.target as Element).closest<HTMLElement>(".core");
		const path = core?.closest<HTMLElement>(PART)?.dataset.path;
		if (!core || path === undefined) return;
		const { top, height } = core.getBoundingClientRect();
		const last = Number(core.dataset.last);
		const number = Math.round(last * (1 - (event.clientY - top) / height));
		location.assign(`${path}?at=${Math.max(0, Math.min(last, number))}`);
	});
}
