/** Numbers, sizes and times as people read them. */
import { type Html, html } from "../html.ts";

const GROUPED = new Intl.NumberFormat("en-US");

/** `5836` → `5,836` */
export function grouped(value: number): string {
	return GROUPED.format(value);
}

/** `1 event`, `5,836 events` */
export function counted(value: number, one: string, many = `${one}s`): string {
	return `${grouped(value)} ${value === 1 ? one : many}`;
}

/** In units of 1,000: `135 B`, `20.0 kB`. */
export function sizeOf(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	for (const [unit, size] of [["kB", 1e3] as const, ["MB", 1e6] as const, ["GB", 1e9] as const]) {
		const value = bytes / size;
		if (value < 999.95) return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
	}
	return `${grouped(Math.round(bytes / 1e9))} GB`;
}

/** Of a limit, in the units that options have: `4 MiB`. */
export function limitOf(bytes: number): string {
	const mebibytes = bytes / (1024 * 1024);
	return mebibytes >= 1 ? `${Number(mebibytes.toFixed(1))} MiB` : `${grouped(bytes)} B`;
}

/** `09:54:38.796` of today, with its date if it is of another day; all in UTC. */
export function clockOf(time: number, now: number): Html {
	const text = new Date(time).toISOString();
	const isToday = text.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
	const date = isToday ? "" : `${dateOf(time)} `;
	const seconds = text.slice(11, 19);
	return html`<time datetime="${text}">${date}${seconds}<span class="ms">${text.slice(19, 23)}</span></time>`;
}

/** `29 Nov 2026` */
export function dateOf(time: number): string {
	const date = new Date(time);
	const month = date.toLocaleString("en-GB", { month: "short", timeZone: "UTC" });
	return `${date.getUTCDate()} ${month.slice(0, 3)} ${date.getUTCFullYear()}`;
}

/** `3 min ago`; the script keeps it true, and adds the local time to its title. */
export function agoOf(time: number, now: number): Html {
	const text = new Date(time).toISOString();
	return html`<time data-ago datetime="${text}" title="${text}">${spanOf(now - time)} ago</time>`;
}

/** `12 s`, `3 min`, `5 h`, `2 d` */
export function spanOf(milliseconds: number): string {
	const seconds = Math.max(0, Math.round(milliseconds / 1000));
	if (seconds < 60) return `${seconds} s`;
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
	if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
	return `${grouped(Math.floor(seconds / 86_400))} d`;
}

/** `345 ms`, `1.79 s`, `2 min 5 s` */
export function durationOf(milliseconds: number): string {
	if (milliseconds < 1000) return `${milliseconds} ms`;
	if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`;
	const seconds = Math.floor(milliseconds / 1000);
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	return spanOf(milliseconds);
}
