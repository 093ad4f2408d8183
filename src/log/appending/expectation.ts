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
 *     deleted for ever                                            stream-deleted
 *     deleted softly   any, E = v                                 write, numbering goes on
 *                      no-stream                                  repeat, else write
 *                      stream-exists                              repeat, else stream-deleted
 *
 * Identity is the event id alone: bodies are never compared. Contract 1.4 and 1.5, departure 14. As
 * a stream that came back began a second time, its `no-stream` is repeated from there, too.
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

/** The facts a delete is judged by. */
export type DeleteFacts = Pick<Facts, "lifecycleOf" | "lastOf">;

/**
 * Write from version `first` on; or the batch is there already, from version `first` to `final`.
 */
export type Judgement =
	| { readonly write: true; readonly first: number }
	| { readonly write: false; readonly first: number; readonly final: number };

/** @throws Refusal `wrong-expected-version`, `stream-deleted` */
export function judge(proposal: Proposal, facts: Facts): Judgement {
	const { expected, stream } = proposal;
	const lifecycle = facts.lifecycleOf(stream);
	if (lifecycle === "hard-deleted")
		throw new Refusal("stream-deleted", { stream, attempt: "write" });
	if (expected === "any") return judgeByIds(proposal, facts);
	if (expected === "no-stream") return judgeBeginning(proposal, facts, lifecycle);
	if (expected !== "stream-exists") return judgeByVersion(expected, proposal, facts);
	if (facts.lastOf(stream) < 0 && facts.lastOf(metadataStream(stream)) < 0)
		throw refusal(proposal, facts);
	const judgement = judgeByIds(proposal, facts);
	if (judgement.write && lifecycle === "soft-deleted")
		throw new Refusal("stream-deleted", { stream, attempt: "write" });
	return judgement;
}

/**
 * Whether a stream may be deleted; a delete has no ids, so it is never a repeat. One that was
 * deleted softly may be deleted again.
 * @throws Refusal `wrong-expected-version`, `stream-deleted`
 */
export function judgeDelete(proposal: Omit<Proposal, "count">, facts: DeleteFacts): void {
	const { stream, expected } = proposal;
	const lifecycle = facts.lifecycleOf(stream);
	if (lifecycle === "hard-deleted")
		throw new Refusal("stream-deleted", { stream, attempt: "write" });
	const last = facts.lastOf(stream);
	// If a stream has neither an event nor metadata, there is nothing to delete (contract 1.6).
	if (last < 0 && facts.lastOf(metadataStream(stream)) < 0) throw refusal(proposal, facts);
	if (expected === "any") return;
	if (expected === "stream-exists") {
		if (lifecycle === "soft-deleted")
			throw new Refusal("stream-deleted", { stream, attempt: "write" });
		return;
	}
	const holds =
		expected === "no-stream" ? last < 0 || lifecycle === "soft-deleted" : expected === last;
	if (!holds) throw refusal(proposal, facts);
}

/** `no-stream`: at the stream's beginning, which a soft delete gives it anew. */
function judgeBeginning(proposal: Proposal, facts: Facts, lifecycle: Lifecycle): Judgement {
	const { stream } = proposal;
	const first = facts.lastOf(stream) < 0 ? undefined : facts.versionOf(0);
	if (first !== undefined && (first === 0 || facts.isRevival(first))) {
		if (standsAt(first, proposal, facts)) {
			return { write: false, first, final: first + proposal.count - 1 };
		}
	}
	if (lifecycle === "soft-deleted") return { write: true, first: facts.lastOf(stream) + 1 };
	return judgeByVersion(-1, proposal, facts);
}

function judgeByIds(proposal: Proposal, facts: Facts): Judgement {
	const last = facts.lastOf(proposal.stream);
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
	const last = facts.lastOf(proposal.stream);
	const first = expected + 1;
	if (expected === last) return { write: true, first };
	const final = expected + proposal.count;
	if (!standsAt(first, proposal, facts)) throw refusal(proposal, facts);
	return { write: false, first, final };
}

/** Whether the whole batch is there, in its order, from `first` on. */
function standsAt(first: number, { stream, count }: Proposal, facts: Facts): boolean {
	// Past the end there is nothing to compare with: the batch is not there, or not all of it.
	if (first + count - 1 > facts.lastOf(stream)) return false;
	for (let index = 0; index < count; index++) {
		if (!facts.isAt(index, first + index)) return false;
	}
	return true;
}

function refusal(proposal: Omit<Proposal, "count">, facts: Pick<Facts, "lastOf">): Refusal {
	return new Refusal("wrong-expected-version", {
		stream: proposal.stream,
		expected: headerForm(proposal.expected),
		current: facts.lastOf(proposal.stream),
	});
}

/** As the client wrote it in `ES-ExpectedVersion`: a number, as what it is compared with. */
function headerForm(expected: ExpectedVersion): number {
	if (expected === "any") return -2;
	if (expected === "no-stream") return -1;
	if (expected === "stream-exists") return -4;
	return expected;
}
