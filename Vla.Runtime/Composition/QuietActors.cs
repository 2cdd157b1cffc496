using Akka.Actor;
using Akka.Configuration;
using Vla.Actors.Wiring;

namespace Vla.Runtime.Composition;

/// <summary>Actors for stages without a control loop, which write no log of their own.</summary>
internal static class QuietActors
{
    private const string Quiet = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
        }
        """;

    /// <param name="name">The actor system's.</param>
    public static ActorSystem Create(string name)
    {
        var system = ActorSystem.Create(
            name,
            ConfigurationFactory.ParseString(Quiet).WithFallback(ConfigurationFactory.ParseString(PipelineConfig.Hocon))
        );
        system.ActorOf(LostMessageActor.Props(), "lost-messages");
        return system;
    }
}
