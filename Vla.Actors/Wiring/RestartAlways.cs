using Akka.Actor;

namespace Vla.Actors.Wiring;

/// <summary>The guardian's rule for every actor of the pipeline: whatever goes wrong, start it anew.</summary>
/// <remarks>
/// Akka's default stops an actor that was killed or failed while starting. Here a stopped stage would be a robot
/// without actions, so it restarts in place; the waiting between attempts is the actor's own
/// (<see cref="Stages.StageMonitor"/>).
/// </remarks>
internal sealed class RestartAlways : SupervisorStrategyConfigurator
{
    // Unlimited retries; the stage logs its failures itself, one line each.
    public override SupervisorStrategy Create() =>
        new OneForOneStrategy(-1, Timeout.Infinite, _ => Directive.Restart, loggingEnabled: false);
}
