// Who is in a room, as a client makes it from what it is told (PROTOCOL.md, Presence); every frame is checked on its way.
import assert from "node:assert/strict";
import { until } from "./until.mjs";

const mostNames = 200;

export class Roster {
  frames = [];
  members = 0;
  names = null;

  constructor(room) {
    this.room = room;
  }

  add(frame) {
    this.frames.push(frame);
    assert.equal(frame.room, this.room);
    assert.ok(this.frames.length > 1 || frame.full || frame.members > mostNames, "the first is full");
    this.members = frame.members;
    if (frame.members > mostNames) {
      assert.deepEqual([frame.joined, frame.left, frame.full], [[], [], undefined]);
      this.names = null;
      return;
    }
    if (frame.full) {
      assert.deepEqual(frame.left, []);
      this.names = [];
    }
    for (const name of frame.left) {
      const place = this.names.indexOf(name);
      assert.ok(place >= 0, `${name} left and was not there: ${JSON.stringify(this.frames)}`);
      this.names.splice(place, 1);
    }
    this.names.push(...frame.joined);
    assert.equal(this.names.length, frame.members, JSON.stringify(this.frames.slice(-2)));
  }

  // Resolves once exactly these, in rising order, are there.
  is(names, deadlineMs) {
    const told = () => JSON.stringify(this.names && [...this.names].sort());
    return until(() => `${JSON.stringify(names)} in ${this.room}; got ${told()} of ${this.members}`, () => told() === JSON.stringify(names), deadlineMs);
  }
}
