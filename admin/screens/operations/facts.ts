/** Beside the runs: the state of the server, its backups, the caches in front of it, its key. */
import type { ServerState } from "../../../src/screens.ts";
import type { BackupNote } from "../../../src/upkeep/backup-notes.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { quotedWord } from "../../parts/curl.ts";
import { agoOf, counted, grouped, sizeOf } from "../../parts/numbers.ts";
import { standbyFact } from "../../parts/state/standby.ts";
import { visible } from "../../parts/visible.ts";

const BACKUPS_SHOWN = 8;

export function serverPanel({ now }: Frame, { process, writer, log, disk }: ServerState): Html {
	const isWriting = writer.state === "writing";
	return html`<section class="panel" aria-labelledby="log"><header><h2 id="log">Server and log</h2><span class="badge ${isWriting ? "ok" : "bad"}">${isWriting ? "writing" : writer.state}</span></header><div class="body"><dl class="facts-list">
<dt>Version</dt><dd>${process.version}<small>Node.js ${process.node.replace(/^v/, "")}</small></dd>
<dt>Started</dt><dd>${agoOf(Date.parse(process.started), now)}</dd>
${writer.reason !== undefined && html`<dt>Stopped</dt><dd>${visible(writer.reason)}</dd>`}
${log.events !== undefined && html`<dt>Events</dt><dd>${grouped(log.events)}${log.streams !== undefined && html`<small>in ${counted(log.streams, "stream")}</small>`}</dd>`}
${log.databaseBytes !== undefined && html`<dt>On disk</dt><dd>${sizeOf(log.databaseBytes)}${log.walBytes !== undefined && html`<small>and ${sizeOf(log.walBytes)} in the write-ahead log</small>`}</dd>`}
${disk && html`<dt>Free</dt><dd>${disk.low ? html`<span class="badge bad">${sizeOf(disk.freeBytes)}, appends are refused</span>` : sizeOf(disk.freeBytes)}<small>${sizeOf(disk.freeBytesMin)} are kept free</small></dd>`}
${standbyFact(log.standby)}
<dt>Erasures</dt><dd>${grouped(log.erasures)}<small>transactions that erased content</small></dd>
<dt>History</dt><dd>${grouped(log.incarnation)}${log.incarnation === 1 && html`<small>the first; a restore makes another</small>`}</dd></dl></div></section>`;
}

export function backupsPanel(frame: Frame, { backups }: ServerState, data: string): Html {
	const shown = backups.slice(0, BACKUPS_SHOWN);
	const rest = backups.length - shown.length;
	const command = `varve backup /backup/varve --data ${quotedWord(data)}`;
	const badge = backups.length === 0 ? html`<span class="badge warn">none known</span>` : undefined;
	return html`<section class="panel" aria-labelledby="backups"><header><h2 id="backups">Backups</h2>${badge}</header><div class="body">
${shown.length > 0 && html`<dl class="facts-list">${shown.map((note) => backupOf(frame, note))}</dl>`}
${rest > 0 && html`<p class="hint">${grouped(rest)} older ones with curl: /admin/backups</p>`}
<p class="hint">${shown.length > 0 ? "As each was when its run ended. The server does not look whether it is still there." : "A run leaves a note here. Make one beside the running server:"}</p>
<pre class="code" tabindex="0">${visible(command)}</pre></div></section>`;
}

function backupOf({ now }: Frame, note: BackupNote): Html {
	const { target, finished, events, lastVerified, faults } = note;
	const check =
		faults !== undefined
			? html`<span class="badge bad">${counted(faults, "fault")}</span>`
			: lastVerified === undefined
				? html`<span class="badge warn">never verified</span>`
				: html`verified ${agoOf(Date.parse(lastVerified), now)}`;
	return html`<dt>${agoOf(Date.parse(finished), now)}</dt><dd><span class="mono">${visible(target)}</span><small>${counted(events, "event")}, ${check}</small></dd>`;
}

export function cachesPanel({ caches }: ServerState): Html {
	if (caches === undefined) {
		return html`<section class="panel" aria-labelledby="caches"><header><h2 id="caches">Caches in front</h2><span class="badge">none to purge</span></header><div class="body"><p class="hint"><code>--purge-url</code> names caches that are told what to drop.</p></div></section>`;
	}
	const rows = caches.map(({ pending, purged, failed, failure, abandoned }, at) => {
		const waits = pending === "everything" ? "everything" : grouped(pending);
		const isWell = failure === null && abandoned === 0;
		return html`<dt>Cache ${at + 1}</dt><dd>${isWell ? html`<span class="badge ok">well</span>` : html`<span class="badge bad">${abandoned > 0 ? "to be emptied" : "failing"}</span>`} ${waits} to purge<small>${counted(purged, "purge")}, ${grouped(failed)} failed${abandoned > 0 && html`, ${grouped(abandoned)} given up: empty this cache`}</small>${failure !== null && html`<small class="wrong">${visible(failure.slice(0, 500))}</small>`}</dd>`;
	});
	return html`<section class="panel" aria-labelledby="caches"><header><h2 id="caches">Caches in front</h2><span class="more">${counted(caches.length, "cache")}</span></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}

export function signingPanel({ head = -1 }: Frame, { log }: ServerState): Part {
	const [name, id] = log.key.split("+");
	return html`<section class="panel" aria-labelledby="signing"><header><h2 id="signing">Signed head and key</h2></header><div class="body"><dl class="facts-list">
<dt>Signed head</dt><dd><a href="/log/checkpoint">for ${counted(head + 1, "event")}</a><small>signed when somebody asks for it</small></dd>
<dt>Key</dt><dd><span class="mono">${name}+${id}</span><small><a href="/log/key">The key to check with</a>; the secret one lies in <code>log.key</code></small></dd></dl></div></section>`;
}
