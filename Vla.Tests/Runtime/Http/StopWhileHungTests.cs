using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Hosting;
using Vla.Runtime.Http;
using Vla.Runtime.Registries;
using Vla.Runtime.Status;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Http;

/// <summary>The real pipeline behind the real web server, with a stage that never comes back.</summary>
public sealed class StopWhileHungTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _hangs = new();
    private readonly ManualResetEventSlim _release = new();
    private readonly FakeRobot _robot = new() { MayBlock = true, QueueCapacity = 1_000 };
    private readonly HttpClient _http = new();
    private readonly PipelineMonitors _monitors;
    private readonly ControlLoop _control;
    private readonly WebApplication _app;

    public StopWhileHungTests()
    {
        var time = TimeProvider.System;
        var policy = StagedPolicy.Load(Repository.File("config/policies/notebook"));
        var profile = RobotProfile.Load(Repository.File("config/robots/notebook.json"));
        var options = new ControlOptions();
        var instructions = new InstructionBoard(time);
        instructions.Give("pick up the red block");
        _monitors = new PipelineMonitors(time, policy.Steps);
        _control = new ControlLoop(profile, options, [_robot], new ControlClock());
        var parts = new PipelineParts
        {
            Policy = policy.With(PolicyModules.Of(policy, CPU) with { Decoder = () => StandIns.Calling(Hang) }),
            Device = CPU,
            Cameras = [new CameraParts("front", () => CameraRegistry.Parse("synthetic").Open(time))],
            Instructions = instructions,
            Control = _control,
            Monitors = _monitors,
            Threads = new StageThreads(1, 1, 1, 1),
            Time = time,
            Loggers = NullLoggerFactory.Instance,
        };
        var builder = WebServer.Builder(new Uri("http://127.0.0.1:0"), null);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(_control);
        builder.Services.AddSingleton(new StatusSource(parts, profile, options));
        builder.Services.AddSingleton(provider => new OperatorInput(
            _control,
            provider.GetRequiredService<IRequiredActor<InstructionActor>>(),
            world: null,
            () => { }
        ));
        builder.Services.AddAkka(
            "vla",
            akka => akka.ConfigureLoggers(loggers => loggers.ClearLoggers()).WithVlaPipeline(parts)
        );
        _app = builder.Build();
        WebServer.UseGuards(_app);
        HttpApi.Map(_app);
    }

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _http.BaseAddress = new Uri(
            _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()
        );
        _control.Start();
    }

    public async Task DisposeAsync()
    {
        _release.Set();
        _control.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public void Dispose()
    {
        _http.Dispose();
        _control.Dispose();
        _robot.Dispose();
        _hangs.Dispose();
        _release.Dispose();
    }

    [Fact]
    public async Task Stop_is_answered_when_the_robot_has_taken_it()
    {
        Assert.True(_hangs.Wait(Patience), "no picture reached the decoder");
        Assert.Equal(StageMonitor.Forward, _monitors.Last.Work?.Step);

        using var answer = await _http.PostAsync("/stop", null);
        answer.EnsureSuccessStatusCode();

        Assert.Equal((ControlState.Stop, "stopped by an operator"), (_robot.Last.State, _robot.Last.Reason));
        Assert.Equal(ControlState.Stop, _control.Last!.State);
    }

    private Tensor Hang(Tensor features)
    {
        _hangs.Set();
        _release.Wait();
        return zeros(1, 7);
    }
}
