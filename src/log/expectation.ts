/**
 * Does what a client believes of a stream still hold? A pure decision; the engines fetch the facts
 * it asks for inside their transaction.
 *
 *     expected         stream ends at v                           answer
 *     any              none of the ids is in the stream           write
 *     stream-exists    all are                                    repeat: the first answer again
 *                      some are                                   refuse
 *     E = v            (no-stream is E = -1)                      write, known ids or not
 *     E < v            the ids are those stored from E+1 on       repeat
 *                      they are not, or the stream ends first     refuse
 *     E > v                                                       refuse
 *
 * Identity is the event id alone: bodies are never compared. Contract 1.4 and 1.5, departure 14.
 * Deleted streams will be two more facts asked first, before any of these lines.
 */
import { Refusal } from "../errors.ts";
import type { ExpectedVersion, StreamName } from "../event.ts";

/** What is judged: the ids stay with the engine, and are spoken of by their index in the batch. */
export type Proposal = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	readonly count: number;
};

/** What the log holds, asked lazily: most appends need the first fact only. */
export type Facts = {
	/** The last version of the stream; -1 where it has no events. */
	last(): number;
	/** The last version of the stream's metadata stream, `$$` and its name. */
	metadataLast(): number;
	/** The lowest version in the stream that carries the id of the batch's event `index`. */
	versionOf(index: number): number | undefined;
	/** Whether the stream's event at `version` carries the id of the batch's event `index`. */
	isAt(index: number, version: number): boolean;
};

/**
 * Write from version `first` on; or the batch is there already, from version `first` to `final`.
 */
export type Judgement =
	| { readonly write: true; readonly first: number }
	| { readonly write: false; readonly first: number; readonly final: number };

/** @throws Refusal `wrong-expected-version` */
export function judge(proposal: Proposal, facts: Facts): Judgement {
	const { expected } = proposal;
	if (expected === "any") return judgeByIds(proposal, facts);
	if (expected === "stream-exists") {
		if (facts.last() < 0 && facts.metadataLast() < 0) throw refusal(proposal, facts);
		return judgeByIds(proposal, facts);
	}
	return judgeByVersion(expected === "no-stream" ? -1 : expected, proposal, facts);
}

function judgeByIds(proposal: Proposal, facts: Facts): Judgement {
	const last = facts.last();
	const write = { write: true, first: last + 1 } as const;
	// A stream without events knows no ids, and spares the look-ups.
	if (last < 0) return write;
	const first = facts.versionOf(0);
	let final = first;
	for (let index = 1; index < proposal.count; index++) {
		final = facts.versionOf(index);
		if ((final === undefined) !== (first === undefined)) throw refusal(proposal, facts);
	}
	if (first === undefined || final === undefined) return write;
	return { write: false, first, final };
}

function judgeByVersion(expected: number, proposal: Proposal, facts: Facts): Judgement {
	const last = facts.last();
	const first = expected + 1;
	if (expected === last) return { write: true, first };
	const final = expected + proposal.count;
	// Past the end there is nothing to compare with: the batch is not there, or not all of it.
	if (final > last) throw refusal(proposal, facts);
	for (let index = 0; index < proposal.count; index++) {
		if (!facts.isAt(index, first + index)) throw refusal(proposal, facts);
	}
	return { write: false, first, final };
}

function refusal(proposal: Proposal, facts: Facts): Refusal {
	return new Refusal("wrong-expected-version", {
		stream: proposal.stream,
		expected: headerForm(proposal.expected),
		current: facts.last(),
	});
}

/** As the client wrote it in `ES-ExpectedVersion`, so that the refusal quotes its own words. */
function headerForm(expected: ExpectedVersion): string {
	if (expected === "any") return "-2";
	if (expected === "no-stream") return "-1";
	if (expected === "stream-exists") return "-4";
	return String(expected);
}
