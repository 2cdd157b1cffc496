using Vla.Runtime.Networks;
using Vla.Runtime.Networks.LeKiwi;
using Vla.Runtime.Networks.Mqtt;
using Vla.Runtime.Networks.Ros;
using Vla.Runtime.Networks.WebSockets;
using Vla.Runtime.Outputs.Networks;
using Vla.Runtime.Registries;

namespace Vla.Runtime.Outputs;

/// <summary>The kinds of outputs that <c>--output</c> can name.</summary>
internal static class OutputRegistry
{
    private static readonly Registry<OutputSpec> Kinds = new(
        new("console", OutputSpec.Console.Read),
        new("world", OutputSpec.World.Read, "the simulated arm; always with --camera world"),
        new("jsonl:FILE", OutputSpec.JsonLines.Read),
        new("udp://HOST:PORT", OutputSpec.Udp.Read),
        OnNetwork(WebSocketKind.Kind),
        OnNetwork(RosKind.Kind),
        OnNetwork(MqttKind.Kind),
        OnNetwork(LeKiwiKind.Kind),
        new("dll:FILE#ADDRESS", OutputSpec.Library.Read, "your own")
    );

    private static Kind<OutputSpec> OnNetwork(NetworkKind kind) =>
        new(kind.OutputForm, NetworkOutputSpec.Reader(kind), kind.About);

    /// <summary>All forms and what they are, for the help of commands.</summary>
    public static string Help => Kinds.Help;

    /// <summary>What a text names.</summary>
    /// <exception cref="UsageException">Nothing that is known; the message says what is possible.</exception>
    public static OutputSpec Parse(string text) =>
        Kinds.Find(text) ?? throw new UsageException($"output '{text}' is not known: use {Kinds.Possible}");
}
