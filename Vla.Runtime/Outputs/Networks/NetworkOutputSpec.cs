using Vla.Actors.Robots;
using Vla.Runtime.Networks;

namespace Vla.Runtime.Outputs.Networks;

/// <summary>What is told the actions over a network, as given to <c>--output</c>.</summary>
internal sealed record NetworkOutputSpec(NetworkKind Kind, NetworkAddress Address) : OutputSpec
{
    public override bool MovesRobots => true;

    /// <summary>Reads the address of one kind; null for another text.</summary>
    public static Func<string, OutputSpec?> Reader(NetworkKind kind) =>
        text =>
            NetworkAddress.Read(text, "output", kind.Form, kind.OutputOptions, why => new UsageException(why))
                is { } address
                ? new NetworkOutputSpec(kind, address)
                : null;

    public override string ToString() => Address.ToString();

    public override IActionOutput Open(OutputContext context) =>
        new NetworkOutput(Kind.Make(Address, context.Profile, context.Time), context.Time);
}
