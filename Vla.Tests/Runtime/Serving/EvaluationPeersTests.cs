namespace Vla.Tests.Runtime.Serving;

/// <summary>Against programs that judge policies: vla-eval's own client and runner, and robo-evals' own client; and
/// OpenVLA's clients' libraries.</summary>
public sealed class EvaluationPeersTests
{
    private const string VlaEvalMend =
        "put src of a checkout of vla-evaluation-harness on PYTHONPATH, and its packages anyio, msgpack, numpy, "
        + "websockets 13 and Pillow beside it";

    private const string RoboEvalsMend =
        "put robo_evals/remote.py of a checkout of robo-evals, and what it imports, on PYTHONPATH, with numpy";

    private const string OpenVlaMend = "put json-numpy on PYTHONPATH: apt-get install python3-requests python3-numpy";

    /// <summary>vla-eval's own loop through episodes, with a benchmark that counts what it is told.</summary>
    private const string VlaEval = """
        import anyio, sys, types, numpy as np
        from vla_eval.connection import Connection
        async def main():
            steps = 0
            async with Connection(f"ws://127.0.0.1:{sys.argv[1]}") as conn:
                assert conn.server_info["protocol_version"] == 1, conn.server_info
                assert conn.server_info["observation_params"]["send_state"] is True
                rng = np.random.default_rng(0)
                for episode in range(3):
                    await conn.start_episode({"task": {"name": "pick"}})
                    for step in range(25):
                        action = await conn.act({
                            "images": {"front": rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)},
                            "states": np.zeros(7), "task_description": "pick up the red block"})
                        assert action["actions"].shape == (7,) and action["actions"].dtype == np.float32
                        steps += 1
                    await conn.end_episode({"success": False})
                try:
                    await conn.start_episode({"task": {}})
                    await conn.act({"task_description": "x"})
                    raise SystemExit("an observation of nothing was answered")
                except RuntimeError as error:
                    assert "images.front" in str(error) or "images/front" in str(error), error
            assert steps == 75
        anyio.run(main)
        """;

    /// <summary>robo-evals' own client, through a task's loop as its runner goes through it.</summary>
    private const string RoboEvals = """
        import sys, types, numpy as np
        from robo_evals import remote
        for url in [f"http://127.0.0.1:{sys.argv[1]}", f"ws://127.0.0.1:{sys.argv[1]}"]:
            policy = remote.connect(url)
            for seed in range(2):
                policy.reset("reach", seed)
                for step in range(30):
                    action = policy({"image": np.zeros((128, 128, 3), np.uint8), "state": np.zeros(7),
                                     "instruction": "pick up the red block"})
                    assert action.shape == (7,) and np.isfinite(action).all()
            try:
                policy.reset("reach", 9)
                policy({"state": np.zeros(7)})
                raise SystemExit("an observation of nothing was answered")
            except remote.RemotePolicyError as error:
                assert "image" in str(error), error
        """;

    private const string OpenVla = """
        import json, sys, requests, json_numpy
        json_numpy.patch()
        import numpy as np
        url = f"http://127.0.0.1:{sys.argv[1]}/act"
        picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
        body = {"image": picture, "instruction": "pick up the red block", "state": np.zeros(7)}
        action = requests.post(url, json=body).json()
        assert action.shape == (7,) and action.dtype == np.float64, action
        for _ in range(20):
            assert np.allclose(requests.post(url, json=dict(body, unnorm_key="bridge_orig")).json(), action, atol=1e-4)
        twice = json.loads(requests.post(url, json={"encoded": json_numpy.dumps(body)}).json())
        assert np.allclose(twice, action, atol=1e-4)
        answer = requests.post(url, json={"instruction": "x"})
        assert answer.status_code == 400 and "image" in answer.json()["error"], answer.text
        """;

    [PythonFact("vla_eval.connection, PIL, websockets.sync.client", VlaEvalMend)]
    public async Task Vla_evals_client_goes_through_episodes()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("vla-eval"));

        Assert.Equal("", await PythonFactAttribute.RunAsync(VlaEval, $"{server.Address.Port}"));
    }

    [PythonFact("robo_evals.remote, websockets.sync.client", RoboEvalsMend)]
    public async Task Robo_evals_client_goes_through_episodes()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("robo-evals"));

        Assert.Equal("", await PythonFactAttribute.RunAsync(RoboEvals, $"{server.Address.Port}"));
    }

    [PythonFact("requests, json_numpy, numpy", OpenVlaMend)]
    public async Task A_script_of_OpenVLAs_is_served()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("openvla"));

        Assert.Equal("", await PythonFactAttribute.RunAsync(OpenVla, $"{server.Address.Port}"));
    }
}
