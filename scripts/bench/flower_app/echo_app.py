"""A Flower app without training: clients add a constant to the model and send it back; FedAvg; no evaluation."""

import json
import time

import numpy as np
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

LAYER = 8_000_000  # elements of a tensor at most, as in the model that the other side of the comparison moves
STEP = 1e-3

server = ServerApp()
client = ClientApp()


@client.train()
def train(message, context):
    """The received arrays plus a constant, with weight 1."""
    # Another one for each client: what two clients send in common, Flower would store only once.
    step = np.float32(STEP * (1 + context.node_config["partition-id"]))
    arrays = [array + step for array in message.content["arrays"].to_numpy_ndarrays()]
    content = RecordDict({"arrays": ArrayRecord(arrays), "metrics": MetricRecord({"num-examples": 1})})
    return Message(content=content, reply_to=message)


def note(notes, **fields):
    """A line of JSON for the program that measures."""
    notes.write(json.dumps(fields) + "\n")
    notes.flush()


class NotingFedAvg(FedAvg):
    """FedAvg with all clients in each round; notes how long a round took."""

    def __init__(self, clients, notes):
        super().__init__(fraction_train=1.0, fraction_evaluate=0.0, min_train_nodes=clients, min_available_nodes=clients)
        self.notes = notes
        self.started = 0.0

    def configure_train(self, server_round, arrays, config, grid):
        self.started = time.monotonic()
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        aggregated = super().aggregate_train(server_round, replies)
        took = time.monotonic() - self.started
        accepted = sum(not reply.has_error() for reply in replies)
        note(self.notes, round=server_round, seconds=took, accepted=accepted)
        return aggregated


def initial_model(parameters):
    # Random: of equal chunks Flower would store and send only one.
    random = np.random.default_rng(1)
    sizes = [min(LAYER, parameters - first) for first in range(0, parameters, LAYER)]
    return [random.standard_normal(size, dtype=np.float32) for size in sizes]


def wait_for_clients(grid, clients):
    while len(list(grid.get_node_ids())) < clients:
        time.sleep(0.5)


@server.main()
def main(grid, context):
    config = context.run_config
    clients, rounds = config["clients"], config["rounds"]
    model = initial_model(config["parameters"])
    expected = model[-1][-1] + rounds * STEP * (clients + 1) / 2
    arrays = ArrayRecord(model)
    del model
    wait_for_clients(grid, clients)
    with open(config["notes"], "w", encoding="utf-8") as notes:
        result = NotingFedAvg(clients, notes).start(grid=grid, initial_arrays=arrays, num_rounds=rounds)
        last = result.arrays.to_numpy_ndarrays()[-1][-1]
        note(notes, correct=bool(abs(last - expected) < 0.01 * STEP * rounds))
