/**
 * Carries out a plan, in the same order in every engine:
 *
 *     repeat  ─▶ answered with the position of its last event
 *     write   ─▶ for each write: its events, then its marks ─▶ answered with one of the writes
 */
import type { NewEvent, Position, StreamName, Version } from "../../event.ts";
import type { Appended } from "../commit.ts";
import { marksOf, type StreamMark } from "./marks.ts";
import type { Plan, PlannedWrite } from "./plan.ts";

/** What an engine does for a plan; `Event` is its form of an event. */
export interface PlanWriter<Event> {
	/** The engine's form of an event that the log itself made. */
	made(event: NewEvent): Event;
	/** Adds events to the end of a stream; the place of the first is returned. */
	insert(write: PlannedWrite, events: readonly Event[]): InsertedAt;
	/** Notes what the event at `position` changes of a stream. */
	mark(mark: StreamMark, position: Position): void;
	/** The position of the last event of a batch that is repeated. */
	positionAt(stream: StreamName, version: Version): Position;
}

export type InsertedAt = { readonly version: Version; readonly position: Position };

/** What a client appends; a delete appends nothing of the client's. */
export type Batch<Event> = { readonly stream: StreamName; readonly events: readonly Event[] };

export function carryOut<Event extends { readonly type: string }>(
	plan: Plan,
	{ stream, events: batch }: Batch<Event>,
	writer: PlanWriter<Event>,
): Appended {
	if (plan.repeated) {
		const position = writer.positionAt(stream, plan.final);
		return { first: plan.first, position, repeated: true };
	}
	let answer: Appended = { first: -1, position: -1, repeated: false };
	for (const [index, write] of plan.writes.entries()) {
		const events = write.made ? [writer.made(write.made)] : batch;
		const { version, position } = writer.insert(write, events);
		for (const mark of marksOf(write, events)) writer.mark(mark, position + mark.index);
		if (index !== plan.answered) continue;
		answer = { first: version, position: position + events.length - 1, repeated: false };
	}
	return answer;
}
