using Vla.Actors.Scheduling;

namespace Vla.Actors.Wiring;

/// <summary>What Akka has to be told for the pipeline.</summary>
public static class PipelineConfig
{
    /// <summary>
    /// HOCON: pinned threads, restart whatever fails, no word about dead letters (they are taken care of).
    /// </summary>
    public static string Hocon { get; } =
        $$"""
            akka {
              log-dead-letters = off
              log-dead-letters-during-shutdown = off
              actor {
                guardian-supervisor-strategy = "{{typeof(RestartAlways).AssemblyQualifiedName}}"
              }
              coordinated-shutdown {
                run-by-clr-shutdown-hook = off
              }
            }
            {{StageDispatcher.Name}} {
              type = "{{typeof(StageDispatcher).AssemblyQualifiedName}}"
            }
            {{PlainScheduling.Dispatcher}} {
              type = PinnedDispatcher
            }
            """;
}
