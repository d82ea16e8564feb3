// All faults, in the order in which they run; those of the short form are the most telling ones.
import { latency } from "../figures/latency.mjs";
import { resume } from "../figures/resume.mjs";
import { drainOfHerd, rollingHerds } from "../figures/rolling_herds.mjs";
import { clockBehind } from "./clock.mjs";
import { gatewayKilled } from "./gateway.mjs";
import { kafkaDiskFull, kafkaKilled, kafkaLongAway } from "./kafka.mjs";
import { commitsOff, postgresPromoted, postgresRestored, topicMadeAgain } from "./lost_rows.mjs";
import { orphan } from "./orphan.mjs";
import { persisterKilled, persisterKilledBetweenCommits } from "./persister.mjs";
import { poison } from "./poison.mjs";
import { backendKilled, postgresAway, postgresFrozen, postgresKilled } from "./postgres.mjs";
import { everything } from "./random.mjs";
import { redisEmptied, redisFrozen, redisKilled } from "./redis.mjs";
import { rollingRestart } from "./rolling.mjs";
import { slowJoins } from "./slow_joins.mjs";
import { slowReaders } from "./slow_readers.mjs";
import { zombie } from "./zombie.mjs";

export const faults = [
  gatewayKilled, persisterKilled, persisterKilledBetweenCommits, redisKilled, redisEmptied, redisFrozen, kafkaKilled,
  postgresKilled, postgresAway, postgresFrozen, slowReaders,
  // These have fleets of their own.
  postgresRestored, postgresPromoted, commitsOff, topicMadeAgain, slowJoins, clockBehind, orphan, backendKilled, zombie, kafkaLongAway, kafkaDiskFull, poison, rollingRestart, everything,
];

export const shortFaults = [gatewayKilled, persisterKilledBetweenCommits, redisKilled, redisEmptied, clockBehind, kafkaKilled, postgresKilled, slowReaders, zombie];

// Measured after the faults of the long form, or when they are named.
export const figures = [resume, latency, rollingHerds, drainOfHerd];
