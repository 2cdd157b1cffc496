using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Instructions;
using Vla.Actors.Stages;

namespace Vla.Runtime.Composition;

/// <summary>
/// A controller in a host of its own, without page, API and log: for evaluations, measurements and tests.
/// </summary>
internal sealed class HeadlessController : IAsyncDisposable
{
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(8);

    private readonly IHost _host;
    private readonly HangWatch _hangs;
    private readonly TaskCompletionSource<string> _hang = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HeadlessController(IHost host, Controller controller)
    {
        (_host, Controller) = (host, controller);
        _hangs = controller.WatchHangs(new HangLimits(), NullLogger.Instance, hang => _hang.TrySetResult(hang));
        _hangs.Start();
    }

    public Controller Controller { get; }

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>Is told <see cref="Vla.Actors.Pipeline.GiveInstruction"/>.</summary>
    public IActorRef Instructions => _host.Services.GetRequiredService<IRequiredActor<InstructionActor>>().ActorRef;

    /// <summary>Done when a stage hangs for good, with which and at what.</summary>
    public Task<string> Hung => _hang.Task;

    /// <summary>Starts the actors; the control loop is the caller's to start.</summary>
    public static async Task<HeadlessController> StartAsync(ControllerParts parts, CancellationToken cancellation)
    {
        var controller = new Controller(parts);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging();
        controller.AddTo(builder.Services);
        var host = builder.Build();
        await host.StartAsync(cancellation);
        return new HeadlessController(host, controller);
    }

    public async ValueTask DisposeAsync()
    {
        Controller.Dispose();
        _hangs.Dispose();
        // A stage that hangs keeps the host from ending; then both are left to the end of the process.
        var stopped = _host.StopAsync(CancellationToken.None);
        if (await Task.WhenAny(stopped, Task.Delay(StopBound)) != stopped)
            return;
        await stopped;
        _host.Dispose();
    }
}
