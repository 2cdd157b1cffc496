using Akka.Hosting;
using Vla.Actors.Instructions;
using Vla.Actors.Wiring;

namespace Vla.Runtime.Composition;

/// <summary>Puts the pipeline into a host's actor system.</summary>
internal static class PipelineHosting
{
    /// <summary>
    /// Starts the pipeline's actors with the system; the one that takes instructions can be asked for.
    /// </summary>
    public static AkkaConfigurationBuilder WithVlaPipeline(this AkkaConfigurationBuilder akka, PipelineParts parts) =>
        akka.AddHocon(PipelineConfig.Hocon, HoconAddMode.Prepend)
            .WithActors(
                (system, registry) =>
                    registry.Register<InstructionActor>(PipelineWiring.Start(system, parts).Instructions)
            );
}
