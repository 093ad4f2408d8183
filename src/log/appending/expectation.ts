/**
 * Does what a client believes of a stream still hold? A pure decision; the engines fetch the facts
 * it asks for inside their transaction.
 *
 *     1  deleted for ever                                   refuse: stream-deleted
 *     2  the ids of the batch stand in the stream:
 *          all, one after another, in its order             repeat: the first answer again
 *          some, or in another order                        refuse: events-known
 *          none                                             see 3
 *     3  expected         holds if
 *          any            always
 *          no-stream      the stream has no event, or was deleted softly
 *          stream-exists  it has an event or metadata       (deleted softly: stream-deleted)
 *          a number       it is the last version            (deleted softly or not)
 *
 * The ids come first: a client whose answer was lost reads again, and sends the same events with
 * the version it finds (decision 62). Hidden events count, and bodies are never compared. Contract
 * 1.4, 1.5, departures 14 and 25.
 */
import { Refusal } from "../../errors.ts";
import type { ExpectedVersion, StreamName } from "../../event.ts";
import { metadataStream } from "../../retention/window.ts";
import type { Facts, Lifecycle } from "./facts.ts";

/** The append to judge. Its ids stay with the engine; here they are indexes in the batch. */
export type Proposal = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	readonly count: number;
};

/** A delete has no ids, so it is never a repeat. */
export type ProposedDelete = Omit<Proposal, "count">;

/** The facts a delete is judged by. */
export type DeleteFacts = Pick<Facts, "lifecycleOf" | "lastOf">;

/**
 * Write from version `first` on; or the batch is there already, from version `first` to `final`.
 */
export type Judgement =
	| { readonly write: true; readonly first: number }
	| { readonly write: false; readonly first: number; readonly final: number };

/** @throws Refusal `events-known`, `wrong-expected-version`, `stream-deleted` */
export function judge(proposal: Proposal, facts: Facts): Judgement {
	const { stream, count } = proposal;
	const lifecycle = livingOf(stream, facts);
	const last = facts.lastOf(stream);
	// A stream without events knows no ids, and spares the look-ups.
	const first = last < 0 ? undefined : placeOf(proposal, facts);
	if (first !== undefined) return { write: false, first, final: first + count - 1 };
	checkExpectation(proposal, lifecycle, facts);
	return { write: true, first: last + 1 };
}

/**
 * Whether a stream may be deleted: also one that was never written, and, once more, one that was
 * deleted softly.
 * @throws Refusal `wrong-expected-version`, `stream-deleted`
 */
export function judgeDelete(proposal: ProposedDelete, facts: DeleteFacts): void {
	checkExpectation(proposal, livingOf(proposal.stream, facts), facts);
}

/** The lifecycle of a stream that can still be written. */
function livingOf(stream: StreamName, facts: DeleteFacts): Exclude<Lifecycle, "hard-deleted"> {
	const lifecycle = facts.lifecycleOf(stream);
	if (lifecycle === "hard-deleted") throw deleted(stream, true);
	return lifecycle;
}

/** The version at which the whole batch stands, in its order; undefined if no event of it does. */
function placeOf(proposal: Proposal, facts: Facts): number | undefined {
	const first = facts.versionOf(0);
	for (let index = 1; index < proposal.count; index++) {
		if (first === undefined) {
			if (facts.versionOf(index) !== undefined) throw known(proposal, facts);
		} else if (!standsAt(first + index, index, proposal, facts)) throw known(proposal, facts);
	}
	return first;
}

function standsAt(version: number, index: number, { stream }: Proposal, facts: Facts): boolean {
	return version <= facts.lastOf(stream) && facts.isAt(index, version);
}

/** @throws Refusal `wrong-expected-version`, `stream-deleted` */
function checkExpectation(
	{ stream, expected }: ProposedDelete,
	lifecycle: Lifecycle,
	facts: DeleteFacts,
): void {
	if (expected === "any") return;
	const isHidden = lifecycle === "soft-deleted";
	const last = facts.lastOf(stream);
	let holds = expected === last;
	if (expected === "no-stream") holds = last < 0 || isHidden;
	if (expected === "stream-exists") {
		holds = last >= 0 || facts.lastOf(metadataStream(stream)) >= 0;
		if (holds && isHidden) throw deleted(stream, false);
	}
	if (holds) return;
	throw new Refusal("wrong-expected-version", {
		stream,
		expected: headerForm(expected),
		current: last,
	});
}

function deleted(stream: StreamName, forEver: boolean): Refusal {
	return new Refusal("stream-deleted", { stream, attempt: "write", forEver });
}

function known({ stream, count }: Proposal, facts: Facts): Refusal {
	const ids = Array.from({ length: count }, (_, index) => index)
		.filter((index) => facts.versionOf(index) !== undefined)
		.map((index) => facts.idOf(index));
	return new Refusal("events-known", { stream, known: ids, count, current: facts.lastOf(stream) });
}

/** As the client wrote it in `ES-ExpectedVersion`: a number, as what it is compared with. */
function headerForm(expected: ExpectedVersion): number {
	if (expected === "any") return -2;
	if (expected === "no-stream") return -1;
	if (expected === "stream-exists") return -4;
	return expected;
}
