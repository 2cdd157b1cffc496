using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Policies.Remote.Gr00t;
using Vla.Tests.Actors.Policies.Remote.OpenPi;
using Vla.Tests.Actors.Policies.Remote.OpenVla;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Remote;

/// <summary>The policy at work: asks a server, and fails as any stage does.</summary>
public sealed class RemotePolicyActorTests() : TestKit(PipelineConfig.Hocon)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly RobotNaming Arm = new()
    {
        Who = "the arm",
        ActionNames = ["x", "jaw"],
        ActionUnits = ["m/s", "1"],
        StateNames = ["x"],
        StateUnits = ["m"],
        StepMs = 100,
    };

    private readonly Dictionary<string, StageMonitor> _monitors = [];

    [Fact]
    public async Task An_observation_goes_out_and_a_chunk_comes_in_with_its_steps()
    {
        WireMap? asked = null;
        using var server = FakePolicyServer.Answering(map =>
        {
            asked = map;
            return FakePolicyServer.Chunk(3, 2, value: 0.5f, inferMs: 0.001);
        });
        var (policy, observations, publisher) = await StartAsync(server, "look around");

        policy.Tell(Ready.Once, publisher);
        var chunk = (await ActAsync(observations, publisher, policy)).Chunk;

        Assert.Equal("look around", asked!.FindText("prompt"));
        Assert.True(asked.TryFindArray("observation.images.front", out var picture));
        Assert.Equal(255, picture.Data.Span[^1]);
        Assert.True(asked.TryFindArray("observation.state", out var state));
        Assert.Equal(1, state.Count);
        Assert.Equal((3, 100_000_000L), (chunk.Horizon, chunk.StepNs));
        Assert.All(chunk.Values, value => Assert.Equal(0.5f, value));
        Assert.Equal(["prepare", "pack", "wire", "server", "unpack"], chunk.Origin.Steps.Select(step => step.Step));
        Assert.Equal(1_000, chunk.Origin.Steps.Find("server").DurationNs);
        Assert.Equal("look around", chunk.Origin.Instruction);
        for (var i = 2; i < chunk.Origin.Steps.Count; i++)
            Assert.Equal(chunk.Origin.Steps[i - 1].FinishedNs, chunk.Origin.Steps[i].StartedNs);
    }

    [Fact]
    public async Task A_server_that_does_not_say_how_long_it_worked_had_all_the_time()
    {
        using var server = FakePolicyServer.Answering(_ => FakePolicyServer.Chunk(3, 2));
        var (policy, observations, publisher) = await StartAsync(server, "look around");

        policy.Tell(Ready.Once, publisher);
        var steps = (await ActAsync(observations, publisher, policy)).Chunk.Origin.Steps;

        Assert.Equal(0, steps.Find("wire").DurationNs);
        Assert.True(steps.Find("server").DurationNs > 0);
    }

    [Fact]
    public async Task One_question_is_under_way_and_no_other()
    {
        var asked = 0;
        using var release = new SemaphoreSlim(0);
        using var second = new SemaphoreSlim(0);
        using var server = FakePolicyServer.Answering(_ =>
        {
            if (Interlocked.Increment(ref asked) > 1)
                second.Release();
            release.Wait();
            return FakePolicyServer.Chunk(3, 2);
        });
        var (policy, observations, publisher) = await StartAsync(server, "look around", tried: false);

        policy.Tell(Ready.Continuous, publisher);
        await observations.ExpectMsgAsync<Ready>(Long);
        Give(policy, observations);
        await observations.ExpectMsgAsync<Ready>(Long);
        Give(policy, observations);
        await AwaitAssertAsync(() => Assert.Equal(1, Volatile.Read(ref asked)), Long);
        Assert.Equal(0, second.CurrentCount);
        release.Release();
        await publisher.ExpectMsgAsync<ActionDecoded>(Long);
        policy.Tell(Ready.Once, publisher);

        Assert.True(await second.WaitAsync(Long));
        release.Release();
        await publisher.ExpectMsgAsync<ActionDecoded>(Long);
    }

    [Fact]
    public async Task A_server_that_hangs_is_left_and_asked_anew_on_another_connection()
    {
        var asked = 0;
        using var server = FakePolicyServer.Answering(_ =>
            Interlocked.Increment(ref asked) == 1 ? null : FakePolicyServer.Chunk(3, 2)
        );
        var (policy, observations, publisher) = await StartAsync(server, "look around", tried: false, "&timeout=300");

        policy.Tell(Ready.Once, publisher);
        await GoOnAsync(policy, observations, publisher);

        Assert.Contains("gave no answer within 0.3 s", Monitor.LastError, StringComparison.Ordinal);
        Assert.Equal(1, Monitor.Restarts);
        // One to learn what it is, one that hung, one that answered.
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task A_failing_server_is_named_with_its_last_line()
    {
        var asked = 0;
        using var server = FakePolicyServer.Answering(_ =>
            Interlocked.Increment(ref asked) == 1
                ? "Traceback (most recent call last):\nRuntimeError: out of memory\n"
                : FakePolicyServer.Chunk(3, 2)
        );
        var (policy, observations, publisher) = await StartAsync(server, "look around", tried: false);

        policy.Tell(Ready.Once, publisher);
        await GoOnAsync(policy, observations, publisher);

        Assert.EndsWith("failed: RuntimeError: out of memory", Monitor.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_nobody_asked_for_ends_the_connection()
    {
        using var server = new FakePolicyServer(
            async (socket, ends) =>
            {
                await FakePolicyServer.SendAsync(socket, new byte[] { 0x80 }, ends);
                await FakePolicyServer.SendAsync(socket, FakePolicyServer.Chunk(3, 2), ends);
                await Task.Delay(-1, ends);
            }
        );
        var (policy, observations, publisher) = await StartAsync(server, "look around", tried: false);

        policy.Tell(Ready.Once, publisher);
        await observations.ExpectMsgAsync<Ready>(Long);
        Give(policy, observations);

        await AwaitAssertAsync(
            () => Assert.Contains("nobody asked for", Monitor.LastError ?? "", StringComparison.Ordinal),
            Long
        );
    }

    [Fact]
    public async Task An_act_server_that_hangs_is_left_and_asked_anew()
    {
        var asked = 0;
        var never = new TaskCompletionSource();
        await using var server = await FakeActServer.StartAsync(
            async (context, _) =>
            {
                if (Interlocked.Increment(ref asked) == 1)
                    await never.Task.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync("[[0.5, 0.5], [0.5, 0.5]]");
            }
        );
        var address = $"openvla+http://127.0.0.1:{server.Port}?trial=off&timeout=300";
        var (policy, observations, publisher) = Start(address, "look around");

        policy.Tell(Ready.Once, publisher);
        await GoOnAsync(policy, observations, publisher);

        Assert.Contains("gave no answer within 0.3 s", Monitor.LastError, StringComparison.Ordinal);
        Assert.Equal(1, Monitor.Restarts);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_GR00T_server_that_hangs_is_left_and_is_a_stage_that_failed()
    {
        using var server = new FakeZmqServer(_ => null);
        var address = $"gr00t://127.0.0.1:{server.Port}?trial=off&timeout=300";
        var (policy, observations, publisher) = Start(address, "look around");

        policy.Tell(Ready.Once, publisher);
        await observations.ExpectMsgAsync<Ready>(Long);
        Give(policy, observations);

        await AwaitAssertAsync(
            () => Assert.Contains("gave no answer within 0.3 s", Monitor.LastError ?? "", StringComparison.Ordinal),
            Long
        );
        await publisher.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    private StageMonitor Monitor => _monitors.Values.Single();

    private async Task<(IActorRef Policy, TestProbe Observations, TestProbe Publisher)> StartAsync(
        FakePolicyServer server,
        string words,
        bool tried = true,
        string options = ""
    )
    {
        await Task.CompletedTask;
        return Start($"openpi://127.0.0.1:{server.Port}?trial={(tried ? "on" : "off")}{options}", words);
    }

    private (IActorRef Policy, TestProbe Observations, TestProbe Publisher) Start(string address, string words)
    {
        var (observations, instructions, publisher) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var policy = RemotePolicy.Load(WireAddress.Parse(address)).Driving(Arm);
        foreach (var step in policy.Steps)
            _monitors[step.Name] = new StageMonitor(step.Stage, TimeProvider.System);
        var actor = policy.Start(
            Sys,
            new PolicyHost
            {
                Observations = observations,
                Instructions = instructions,
                Device = CPU,
                Time = TimeProvider.System,
                Monitors = _monitors,
                Threads = new StageThreads(1, 1, 1, 1),
                Loggers = NullLoggerFactory.Instance,
            }
        );
        instructions.SetAutoPilot(new Words(actor, words));
        return (actor, observations, publisher);
    }

    private static async Task<ActionDecoded> ActAsync(TestProbe observations, TestProbe publisher, IActorRef policy)
    {
        await observations.ExpectMsgAsync<Ready>(Long);
        Give(policy, observations);
        return await publisher.ExpectMsgAsync<ActionDecoded>(Long);
    }

    /// <summary>As cameras and publisher do: a picture whenever one is wanted, and demand said again.</summary>
    private async Task GoOnAsync(IActorRef policy, TestProbe observations, TestProbe publisher)
    {
        observations.SetAutoPilot(new Pictures());
        await AwaitAssertAsync(
            async () =>
            {
                policy.Tell(Ready.Once, publisher);
                await publisher.ExpectMsgAsync<ActionDecoded>(TimeSpan.FromMilliseconds(500));
            },
            Long
        );
    }

    private static void Give(IActorRef policy, IActorRef sender) =>
        policy.Tell(new ObservationCaptured(Seen()), sender);

    private static Observation Seen()
    {
        var frame = new FramePool(new(224, 224, [0, 0, 0], [1, 1, 1])).Rent();
        Array.Fill(frame.Pixels, 1);
        (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (1, 1, 2);
        return new Observation(["front"], frame) { State = new RobotReading(["x"], [0.25f], 1) };
    }

    private sealed class Words(IActorRef policy, string words) : AutoPilot
    {
        public override AutoPilot Run(IActorRef sender, object message)
        {
            if (message is InstructionWanted { After: 0 })
                policy.Tell(new InstructionChanged(new Instruction(1, words, 0)));
            return AutoPilot.KeepRunning;
        }
    }

    private sealed class Pictures : AutoPilot
    {
        public override AutoPilot Run(IActorRef sender, object message)
        {
            if (message is Ready)
                sender.Tell(new ObservationCaptured(Seen()));
            return AutoPilot.KeepRunning;
        }
    }
}
