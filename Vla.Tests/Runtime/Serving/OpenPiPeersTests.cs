using System.Diagnostics;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Serving;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Serving;

/// <summary>Against programs that nobody here wrote: openpi's own client and its server.</summary>
public sealed class OpenPiPeersTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(120) + Exchanges * TimeSpan.FromMilliseconds(100);

    /// <summary>As many as the environment variable VLA_EXCHANGES says, such as 10000.</summary>
    private static int Exchanges =>
        int.TryParse(
            Environment.GetEnvironmentVariable("VLA_EXCHANGES"),
            System.Globalization.CultureInfo.InvariantCulture,
            out var many
        )
            ? many
            : 100;

    private const string Client = """
        import sys, numpy as np
        from openpi_client import websocket_client_policy
        port, key = int(sys.argv[1]), sys.argv[2]
        policy = websocket_client_policy.WebsocketClientPolicy("127.0.0.1", port, api_key=key)
        assert policy.get_server_metadata()["vla"]["policy"] == "tabletop"
        picture = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
        observation = {
            "observation": {"images": {"front": picture}, "state": np.zeros(7)},
            "prompt": "pick up the red block",
        }
        first = policy.infer(observation)
        for _ in range(int(sys.argv[3])):
            answer = policy.infer(observation)
            assert answer["actions"].shape == (10, 7) and answer["actions"].dtype == np.float32
            assert np.allclose(answer["actions"], first["actions"], atol=1e-4)
            assert answer["server_timing"]["prev_total_ms"] > 0
        turned = dict(observation, observation={"images": {"front": picture.transpose(2, 0, 1)}, "state": [0.0] * 7})
        assert np.allclose(policy.infer(turned)["actions"], first["actions"], atol=1e-4)
        try:
            policy.infer({"prompt": "x"})
            raise SystemExit("an observation of nothing was answered")
        except RuntimeError as error:
            assert "observation.images.front" in str(error), error
        assert policy.infer(observation)["actions"].shape == (10, 7)
        """;

    private const string Server = """
        import sys, threading, numpy as np
        from openpi.serving import websocket_policy_server
        threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
        class Policy:
            asked = 0
            def infer(self, observation):
                assert observation["observation/image"].shape == (224, 224, 3)
                assert observation["observation/state"].dtype == np.float64
                Policy.asked += 1
                if observation["prompt"] == "fail":
                    raise ValueError("told to fail")
                return {"actions": np.full((10, 7), Policy.asked, np.float64), "state": np.zeros(3)}
        serve = websocket_policy_server.WebsocketPolicyServer
        serve(Policy(), "127.0.0.1", int(sys.argv[1]), {"reset_pose": [0.0]}).serve_forever()
        """;

    [OpenPiFact]
    public async Task Openpis_client_is_served()
    {
        const string token = "a-token-of-the-test-0123";
        await using var server = new PolicyServer(
            new PolicyServerOptions
            {
                Policy = PolicyFamilies.Load(Repository.File("config/policies/tabletop")),
                Device = CPU,
                Places =
                [
                    new ServedPlace(ServedProtocol.Find("openpi")!, new Uri("http://127.0.0.1:0"), WireLayout.Features),
                ],
                Token = Vla.Runtime.Http.HttpToken.Read(token, ""),
            }
        );
        await server.StartAsync();

        using var client = Python(Client, $"{server.Address.Port}", token, $"{Exchanges}");
        var errors = client.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Bound);
        await client.WaitForExitAsync(limit.Token);

        Assert.True(client.ExitCode == 0, await errors);
    }

    [OpenPiFact]
    public async Task Openpis_server_is_asked()
    {
        var port = FreePort.Find();
        using var server = Python(Server, $"{port}");
        try
        {
            var address = WireAddress.Parse($"openpi://127.0.0.1:{port}?preset=libero");
            using var limit = new CancellationTokenSource(Bound);
            RemotePolicy? policy = null;
            while (policy is null)
            {
                try
                {
                    policy = RemotePolicy.Load(address);
                }
                catch (PolicyException) when (!server.HasExited)
                {
                    await Task.Delay(50, limit.Token);
                }
            }

            string[] names = ["a", "b", "c", "d", "e", "f", "g"];
            string[] units = [.. names.Select(_ => "1")];
            var driving = policy.Driving(
                new RobotNaming
                {
                    Who = "the arm",
                    ActionNames = names,
                    ActionUnits = units,
                    StateNames = [.. names, "h"],
                    StateUnits = [.. units, "1"],
                }
            );

            Assert.Contains(policy.Remarks, remark => remark.Contains("reset_pose", StringComparison.Ordinal));
            Assert.Equal((10, 50.0), (driving.Action.Horizon, driving.Action.StepMs));
            AssertEachIsAnswered((RemotePolicy)driving);
        }
        finally
        {
            server.StandardInput.Close();
            server.WaitForExit(Bound);
        }
    }

    /// <summary>The server numbers its answers: none is left out, and none is another's.</summary>
    private static void AssertEachIsAnswered(RemotePolicy policy)
    {
        using var connection = policy.Address.Protocol.Open(policy.Address);
        var request = policy.Request();
        var frames = new FramePool(policy.Image);
        float? last = null;
        for (var i = 0; i < Exchanges; i++)
        {
            using var seen = new Observation(["image", "wrist"], frames.Rent(), frames.Rent())
            {
                State = new RobotReading(policy.State.Names, new float[8], 1),
            };
            var answer = policy.Check(connection.Exchange(request.Write(seen, "do something"), Bound));
            Assert.All(answer.Values, value => Assert.Equal((last ?? value - 1) + 1, value));
            last = answer.Values[0];
        }
    }

    private static Process Python(string code, params string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(OpenPiFactAttribute.Python, ["-c", code, .. arguments])
            {
                RedirectStandardError = true,
                RedirectStandardInput = true,
            }
        )!;
}
