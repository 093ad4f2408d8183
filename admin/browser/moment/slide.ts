/**
 * The slider of the page of a moment: it snaps to the events on its rail, and shows the page as of
 * the one where it stops. Only the content is exchanged; each moment has its URL.
 */
const WAIT_MS = 150;

let latest = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function slideThroughTime(): void {
	document.addEventListener("input", ({ target }) => {
		const slider = (target as Element).closest<HTMLElement>(".slider");
		if (!slider || !(target instanceof HTMLInputElement)) return;
		point(
			slider,
			nearest(slider, (mark) => Math.abs(numberOf(mark) - Number(target.value))),
		);
		clearTimeout(timer);
		timer = setTimeout(() => void show(urlOf(slider)), WAIT_MS);
	});
	document.addEventListener("pointerdown", drag);
	document.addEventListener("click", (event) => {
		if (event.defaultPrevented || event.button !== 0) return;
		if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
		const from = event.target as Element;
		const link = from.closest<HTMLAnchorElement>("a[data-step]");
		const bins = from.closest<SVGElement>(".bins");
		if (!link && !bins) return;
		event.preventDefault();
		void show(link ? link.href : urlIn(bins as SVGElement, event.clientX));
	});
}

function drag(event: PointerEvent): void {
	const slider = (event.target as Element).closest<HTMLElement>(".slider");
	if (!slider || event.button !== 0) return;
	event.preventDefault();
	inputOf(slider)?.focus();
	slider.setPointerCapture(event.pointerId);
	const follow = ({ clientX }: PointerEvent) =>
		point(
			slider,
			nearest(slider, (mark) => Math.abs(middleOf(mark) - clientX)),
		);
	follow(event);
	slider.addEventListener("pointermove", follow);
	const end = (): void => {
		slider.removeEventListener("pointermove", follow);
		void show(urlOf(slider));
	};
	slider.addEventListener("lostpointercapture", end, { once: true });
}

/** Moves the frame, and tells screen readers where it stands. */
function point(slider: HTMLElement, mark: SVGElement | undefined): void {
	const input = inputOf(slider);
	if (!mark || !input) return;
	const x = mark.getAttribute("x") ?? "0";
	slider.querySelector(".at")?.setAttribute("x", x);
	slider.querySelector(".past")?.setAttribute("width", x);
	input.value = String(numberOf(mark));
	const { what = "" } = slider.dataset;
	input.setAttribute("aria-valuetext", `${what} ${numberOf(mark)}, ${mark.dataset.said ?? ""}`);
}

function nearest(
	slider: HTMLElement,
	distanceOf: (mark: SVGElement) => number,
): SVGElement | undefined {
	let best: { mark: SVGElement; distance: number } | undefined;
	for (const mark of slider.querySelectorAll<SVGElement>(".mk")) {
		const distance = distanceOf(mark);
		if (!best || distance < best.distance) best = { mark, distance };
	}
	return best?.mark;
}

/** The last request wins: an earlier answer that comes later is dropped. */
async function show(url: string): Promise<void> {
	const turn = ++latest;
	const answer = await fetch(url, { headers: { Accept: "text/html" } });
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	if (turn !== latest) return;
	const [old, now] = [document.querySelector("main"), page.querySelector("main")];
	if (!answer.ok || !old || !now) {
		location.assign(url);
		return;
	}
	const focused = document.activeElement?.id;
	old.replaceChildren(...[...now.childNodes].map((node) => document.adoptNode(node)));
	document.title = page.title;
	// A way back through each step of a slider would be no way back.
	history.replaceState(history.state, "", answer.url);
	if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
	document.dispatchEvent(new Event("varve:swapped"));
}

function urlOf(slider: HTMLElement): string {
	const { url = "", by = "" } = slider.dataset;
	return `${url}${inputOf(slider)?.value ?? ""}${by}`;
}

/** A click on the parts of a long stream leads to the event there. */
function urlIn(bins: SVGElement, clientX: number): string {
	const { left, width } = bins.getBoundingClientRect();
	const last = Number(bins.dataset.last);
	const number = Math.round(((clientX - left) / width) * last);
	const { url = "", by = "" } =
		document.querySelector<HTMLElement>(".slider")?.dataset ?? ({} as DOMStringMap);
	return `${url}${Math.max(0, Math.min(last, number))}${by}`;
}

function inputOf(slider: HTMLElement): HTMLInputElement | null {
	return slider.querySelector("input");
}

function numberOf(mark: SVGElement): number {
	return Number(mark.dataset.v);
}

function middleOf(mark: SVGElement): number {
	const { left, width } = mark.getBoundingClientRect();
	return left + width / 2;
}
