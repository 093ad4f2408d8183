/** Operations: what keeps the store well, for whoever runs it. */
import { LEVELS } from "../../../src/observe/operator-log.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { ROW_KEYS } from "../../frame/keys.ts";
import { html, type Part } from "../../html.ts";
import { curlPanel } from "../../parts/curl.ts";
import { spanOf } from "../../parts/numbers.ts";
import { looksLine, looksOf } from "../../parts/state/looks.ts";
import { stoppedPanel } from "../../parts/state/stopped.ts";
import { visible } from "../../parts/visible.ts";
import { backupsPanel, cachesPanel, serverPanel, signingPanel } from "./facts.ts";
import { LINES_SHOWN, linesPanel } from "./lines.ts";
import { optionsPanel } from "./options.ts";
import { pastScavenges, scavengePanel } from "./scavenges.ts";
import { verificationPanel } from "./verification.ts";

/** @param refused why a form of this screen was not carried out */
export async function operations(frame: Frame, refused?: ShownProblem): Promise<Screen> {
	const { visit, now } = frame;
	const { store, query, base } = visit;
	const [state, past] = await Promise.all([store.operations.state(), pastScavenges(store)]);
	const level = LEVELS.find((one) => one === query.get("level")) ?? "info";
	const options = store.operations.options();
	const data = options.find(({ option }) => option.name === "data")?.value ?? "";
	const lines = store.operations.lines(level, LINES_SHOWN);
	return screenOf(frame, {
		title: "Operations",
		place: "operations",
		status: refused?.status ?? 200,
		heading: "Operations",
		actions:
			store.may("export", undefined) && html`<a class="button" href="/admin/sql">Ask in SQL</a>`,
		facts: html`<span>Running for <b>${spanOf(now - Date.parse(state.process.started))}</b></span>${looksLine(looksOf(state, now))}`,
		note: html`${noteOf(refused)}${stoppedPanel(state.writer, now)}`,
		main: html`${verificationPanel(frame, state)}${scavengePanel(frame, state, past)}${linesPanel(frame, lines, level)}${optionsPanel(options, query.get("options") === "all")}`,
		aside: html`${serverPanel(frame, state)}${backupsPanel(frame, state, data)}${cachesPanel(state)}${signingPanel(frame, state)}${curlPanel(visit, `${base}/admin`)}`,
		keys: ROW_KEYS,
	});
}

function noteOf(refused: ShownProblem | undefined): Part {
	return refused && html`<p class="note bad" role="alert">${visible(refused.detail)}</p>`;
}
