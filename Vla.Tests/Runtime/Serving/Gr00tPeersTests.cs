using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Serving;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Serving;

/// <summary>Against programs that nobody here wrote: ZeroMQ's Python, and GR00T's own client and server.</summary>
public sealed class Gr00tPeersTests
{
    private const string Mend = "apt-get install python3-zmq python3-msgpack python3-numpy";

    private const string OwnMend =
        "put gr00t/policy/server_client.py of a checkout of Isaac-GR00T, and what it imports, on PYTHONPATH, and "
        + "pyzmq, msgpack and numpy beside it";

    /// <summary>What a client of GR00T's does, with the libraries that it does it with.</summary>
    private const string Client = """
        import io, sys, numpy as np, msgpack, zmq
        def enc(o):
            if isinstance(o, np.ndarray):
                f = io.BytesIO(); np.save(f, o, allow_pickle=False)
                return {"__ndarray_class__": True, "as_npy": f.getvalue()}
            return o
        def dec(o):
            return np.load(io.BytesIO(o["as_npy"]), allow_pickle=False) if "__ndarray_class__" in o else o
        socket = zmq.Context().socket(zmq.REQ); socket.connect(f"tcp://127.0.0.1:{sys.argv[1]}")
        socket.setsockopt(zmq.RCVTIMEO, 60000)
        def call(endpoint, data=None):
            socket.send(msgpack.packb({"endpoint": endpoint, **({} if data is None else {"data": data})}, default=enc))
            return msgpack.unpackb(socket.recv(), object_hook=dec)
        assert call("ping") == {"status": "ok", "message": "Server is running"}
        config = call("get_modality_config")
        assert config["video"]["as_json"]["modality_keys"] == ["front"], config
        picture = np.random.default_rng(0).integers(0, 256, (1, 1, 224, 224, 3), dtype=np.uint8)
        observation = {"video": {"front": picture}, "state": {"state": np.zeros((1, 1, 7), np.float32)},
                       "language": {"annotation.human.task_description": [["pick up the red block"]]}}
        action, info = call("get_action", {"observation": observation, "options": None})
        assert action["action"].shape == (1, 10, 7) and action["action"].dtype == np.float32 and info == {}
        turned = dict(observation, video={"front": np.asfortranarray(picture)})
        assert np.allclose(call("get_action", {"observation": turned, "options": None})[0]["action"],
                           action["action"], atol=1e-4)
        flat = {"video.front": picture, "state.state": np.zeros((1, 1, 7), np.float32),
                "annotation.human.task_description": ["pick up the red block"]}
        other = call("get_action", {"observation": flat, "options": None})
        assert np.allclose(other[0]["action.action"], action["action"], atol=1e-4)
        old = {"video.front": picture[0], "state.state": np.zeros((1, 7)),
               "annotation.human.task_description": ["pick up the red block"]}
        assert np.allclose(call("get_action", old)["action.action"], action["action"][0], atol=1e-4)
        assert "video" in call("get_action", {"observation": {"state": {}}, "options": None})["error"]
        """;

    private const string Server = """
        import io, sys, threading, numpy as np, msgpack, zmq
        threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
        def enc(o):
            if isinstance(o, np.ndarray):
                f = io.BytesIO(); np.save(f, o, allow_pickle=False)
                return {"__ndarray_class__": True, "as_npy": f.getvalue()}
            return o
        def dec(o):
            return np.load(io.BytesIO(o["as_npy"]), allow_pickle=False) if "__ndarray_class__" in o else o
        socket = zmq.Context().socket(zmq.REP); socket.bind(f"tcp://127.0.0.1:{sys.argv[1]}")
        while True:
            request = msgpack.unpackb(socket.recv(), object_hook=dec)
            if request.get("endpoint") != "get_action":
                socket.send(msgpack.packb({})); continue
            try:
                seen = request["data"]["observation"]
                assert seen["video"]["image"].shape == (1, 1, 224, 224, 3)
                assert seen["state"]["gripper"].shape == (1, 1, 2)
                assert seen["language"]["annotation.human.action.task_description"] == [["do something"]]
                keys = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]
                answer = [{key: np.full((1, 16, 1), 0.5, np.float32) for key in keys}, {}]
            except Exception as error:
                answer = {"error": repr(error)}
            socket.send(msgpack.packb(answer, default=enc))
        """;

    /// <summary>GR00T's own client.</summary>
    private const string OwnClient = """
        import sys, numpy as np
        from gr00t.policy.server_client import PolicyClient
        client = PolicyClient("127.0.0.1", int(sys.argv[1]))
        assert client.ping()
        config = client.get_modality_config()
        assert config["video"].modality_keys == ["front"] and config["action"].delta_indices == list(range(10))
        observation = {"video": {"front": np.zeros((1, 1, 224, 224, 3), np.uint8)},
                       "state": {"state": np.zeros((1, 1, 7), np.float32)},
                       "language": {config["language"].modality_keys[0]: [["pick up the red block"]]}}
        client.reset()
        for _ in range(100):
            action, info = client._get_action(observation)
            assert action["action"].shape == (1, 10, 7)
        try:
            client._get_action({})
            raise SystemExit("an observation of nothing was answered")
        except RuntimeError as error:
            assert "observation" in str(error), error
        """;

    /// <summary>GR00T's own server, with a policy that gives what it is asked for.</summary>
    private const string OwnServer = """
        import sys, threading, numpy as np
        from gr00t.data.types import ModalityConfig
        from gr00t.policy.server_client import PolicyServer
        threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
        class Policy:
            def get_action(self, observation, options=None):
                assert observation["video"]["image"].dtype == np.uint8
                return {"arm": np.zeros((1, 8, 6), np.float32), "gripper": np.zeros((1, 8, 1), np.float32)}, {}
            def reset(self, options=None):
                return {}
            def get_modality_config(self):
                return {"video": ModalityConfig([0], ["image"]), "state": ModalityConfig([0], ["arm"]),
                        "action": ModalityConfig([0], ["arm", "gripper"]), "language": ModalityConfig([0], ["task"])}
        PolicyServer(Policy(), "127.0.0.1", int(sys.argv[1])).run()
        """;

    [PythonFact("zmq, msgpack, numpy", Mend)]
    public async Task A_client_with_GR00Ts_libraries_is_served()
    {
        await using var server = await StartAsync();

        Assert.Equal("", await PythonFactAttribute.RunAsync(Client, $"{server.Address.Port}"));
    }

    [PythonFact("gr00t.policy.server_client", OwnMend)]
    public async Task GR00Ts_client_is_served()
    {
        await using var server = await StartAsync();

        Assert.Equal("", await PythonFactAttribute.RunAsync(OwnClient, $"{server.Address.Port}"));
    }

    [PythonFact("zmq, msgpack, numpy", Mend)]
    public void A_server_with_GR00Ts_libraries_is_asked() =>
        Assert.Equal(16, Asked(Server, "?preset=libero").Action.Horizon);

    [PythonFact("gr00t.policy.server_client", OwnMend)]
    public void GR00Ts_server_is_asked() => Assert.Equal(8, Asked(OwnServer, "").Action.Horizon);

    private static IPolicy Asked(string code, string options)
    {
        var port = FreePort.Find();
        using var server = PythonFactAttribute.Start(code, $"{port}");
        try
        {
            var address = WireAddress.Parse($"gr00t://127.0.0.1:{port}{options}");
            var policy = PeerStart.Load(address, server);
            string[] names = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"];
            string[] units = [.. names.Select(_ => "1")];
            return policy.Driving(
                new RobotNaming
                {
                    Who = "the arm",
                    ActionNames = names,
                    ActionUnits = units,
                    StateNames = [.. names, "other"],
                    StateUnits = [.. units, "1"],
                    StepMs = 50,
                }
            );
        }
        finally
        {
            server.StandardInput.Close();
            server.WaitForExit(TimeSpan.FromSeconds(60));
        }
    }

    private static async Task<PolicyServer> StartAsync()
    {
        var policy = PolicyFamilies.Load(Repository.File("config/policies/tabletop"));
        var protocol = ServedProtocol.Find("gr00t")!;
        var server = new PolicyServer(
            new PolicyServerOptions
            {
                Policy = policy,
                Device = CPU,
                Places = [new ServedPlace(protocol, new Uri("http://127.0.0.1:0"), protocol.LayoutOf(policy))],
            }
        );
        await server.StartAsync();
        return server;
    }
}
