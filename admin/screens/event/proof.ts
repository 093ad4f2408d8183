/**
 * The proof that the log has signed for an event. The browser checks it: it reads the bytes, hashes
 * them up to the root, and holds that against the signed head.
 */
import { Refusal } from "../../../src/errors.ts";
import type { RecordedEvent } from "../../../src/event.ts";
import type { Store } from "../../../src/screens.ts";
import { type Html, html } from "../../html.ts";
import { visible } from "../../parts/visible.ts";

/** More would be a heavy page; then the metadata is not checked, and the panel says so. */
const METADATA_BYTES_MAX = 16 * 1024;

/** @param path of the screen */
export async function proofPanel(store: Store, event: RecordedEvent, path: string): Promise<Html> {
	const position = Number(event.position);
	const proof = await proofOf(store, position);
	const { key } = store.facts();
	if (proof === undefined) {
		return html`<section class="panel" aria-labelledby="proof"><header><h2 id="proof">Proof</h2><span class="badge bad">not to be had</span></header><div class="body"><p class="hint">The tree of the log cannot be read here. <code>varve verify</code> says what is damaged.</p></div></section>`;
	}
	const hashes = proof.split("\n\n")[0]?.split("\n").length ?? 3;
	const small = event.metadata.length <= METADATA_BYTES_MAX && !event.isRedacted;
	const metadata = small ? Buffer.from(event.metadata).toString("base64") : "";
	const said = html`Not checked: that needs JavaScript, or <code>varve prove ${position}</code>.`;
	const name = key.split("+").slice(0, 2).join("+");
	return html`<section class="panel" aria-labelledby="proof" id="proof-panel" data-proof="${proof}" data-key="${key}" data-metadata="${metadata}" data-has-metadata="${small ? "yes" : "no"}" data-erased="${event.isRedacted ? "yes" : "no"}" data-event="${factsOf(event)}" data-url="${path}?format=bytes">
<header><h2 id="proof">Proof</h2><span class="badge" id="proof-state" role="status">not checked</span></header>
<div class="body"><p class="hint" id="proof-said">${said}</p>
<dl class="facts-list"><dt>Leaf</dt><dd class="mono" id="proof-leaf">–</dd><dt>Root</dt><dd class="mono" id="proof-root">–</dd><dt>Hashes</dt><dd class="mono">${hashes - 3}</dd><dt>Key</dt><dd class="mono">${visible(name)}</dd></dl>
<button type="button" class="needs-script" id="proof-save">Download the proof</button></div></section>`;
}

/** What the leaf has to say, as the screen shows it. */
function factsOf({ stream, version, type, position, created, id }: RecordedEvent): string {
	return JSON.stringify({ stream, version, type, position, created, id });
}

async function proofOf(store: Store, position: number): Promise<string | undefined> {
	try {
		return await store.proof(position);
	} catch (error) {
		if (error instanceof Refusal) return undefined;
		throw error;
	}
}
