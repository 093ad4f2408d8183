/** The keyboard: outside fields letters are keys, unless the switch in their list is off. */
import { live } from "./live/live.js";

const SWITCH = "varve-letters";
const PLACES: Readonly<Record<string, string>> = {
	o: "overview",
	s: "streams",
	e: "all",
	f: "search",
	b: "subscriptions",
	j: "projections",
	r: "readers",
	w: "webhooks",
	p: "operations",
};
const SEQUENCE_MS = 1500;

let isAfterG = false;
let current = -1;

export function listenToKeys(): void {
	const letters = document.getElementById("letters") as HTMLInputElement | null;
	if (letters) {
		letters.checked = areLettersOn();
		letters.addEventListener("change", () =>
			localStorage.setItem(SWITCH, letters.checked ? "on" : "off"),
		);
	}
	document.getElementById("keys-open")?.addEventListener("click", showKeys);
	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
		const target = event.target as HTMLElement;
		if (target.closest("input, textarea, select, [contenteditable]")) return;
		if (document.querySelector("dialog[open]") || !areLettersOn()) return;
		if (press(event.key, target)) event.preventDefault();
	});
}

function areLettersOn(): boolean {
	return localStorage.getItem(SWITCH) !== "off";
}

/** @returns whether the key did something */
function press(key: string, target: HTMLElement): boolean {
	if (isAfterG) {
		isAfterG = false;
		const place = PLACES[key];
		return place !== undefined && click(`[data-place="${place}"]`);
	}
	switch (key) {
		case "/":
			return focus("#go");
		case "f":
			return focus("#filter input, .chips .chip");
		case "a":
			return focus("#append input[name=type]");
		case "?":
			return showKeys();
		case "g":
			isAfterG = true;
			setTimeout(() => {
				isAfterG = false;
			}, SEQUENCE_MS);
			return true;
		case "j":
			return move(1);
		case "k":
			return move(-1);
		case "o":
			return openPage();
		case "Enter":
			return target === document.body || target.matches("main, tr") ? openInPlace() : false;
		case "p":
			live?.toggle();
			return live !== undefined;
		case "c":
			return click("[data-copy-url]");
		default:
			return click(`[data-key="${CSS.escape(key)}"]`);
	}
}

function showKeys(): boolean {
	const dialog = document.getElementById("keys") as HTMLDialogElement | null;
	dialog?.showModal();
	return dialog !== null;
}

function rows(): HTMLElement[] {
	return [...document.querySelectorAll<HTMLElement>("tr.row")];
}

function move(step: number): boolean {
	const all = rows();
	if (all.length === 0) return false;
	document.body.classList.add("by-keys");
	current = Math.max(0, Math.min(all.length - 1, current + step));
	for (const [at, row] of all.entries()) row.classList.toggle("current", at === current);
	const link = all[current]?.querySelector<HTMLElement>("a.open, a");
	link?.focus({ preventScroll: true });
	all[current]?.scrollIntoView({ block: "nearest" });
	return true;
}

function openPage(): boolean {
	const page = rows()[current]?.dataset.page;
	if (page === undefined) return false;
	location.assign(page);
	return true;
}

function openInPlace(): boolean {
	const link = rows()[current]?.querySelector<HTMLElement>("a.open, a");
	link?.click();
	return link !== null && link !== undefined;
}

function focus(selector: string): boolean {
	const found = document.querySelector<HTMLElement>(selector);
	found?.focus();
	if (found instanceof HTMLInputElement) found.select();
	return found !== null;
}

function click(selector: string): boolean {
	const found = document.querySelector<HTMLElement>(selector);
	found?.click();
	return found !== null;
}
