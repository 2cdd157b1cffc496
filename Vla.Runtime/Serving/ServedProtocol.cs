using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Gr00t;
using Vla.Actors.Policies.Remote.OpenPi;
using Vla.Actors.Policies.Remote.OpenVla;
using Vla.Runtime.Serving.Gr00t;
using Vla.Runtime.Serving.OpenPi;
using Vla.Runtime.Serving.OpenVla;
using Vla.Runtime.Serving.RoboEvals;
using Vla.Runtime.Serving.VlaEval;

namespace Vla.Runtime.Serving;

/// <summary>A protocol that policies are served by.</summary>
/// <param name="Name">As <c>--protocol</c> takes it.</param>
/// <param name="About">What it is, for the help.</param>
/// <param name="UsualPort">Where its own servers listen.</param>
/// <param name="Presets">Layouts of published environments; the first where nothing is said.</param>
/// <param name="LayoutOf">The first layout, as a policy fills it.</param>
/// <param name="Create">Makes what serves it.</param>
internal sealed record ServedProtocol(
    string Name,
    string About,
    int UsualPort,
    IReadOnlyList<WireLayout> Presets,
    Func<IPolicy, WireLayout> LayoutOf,
    Func<ServingContext, PolicyEndpoint> Create
)
{
    /// <summary>Those that there are: one line for each.</summary>
    public static IReadOnlyList<ServedProtocol> All { get; } =
    [
        new(
            "openpi",
            "MessagePack over a WebSocket",
            8_000,
            OpenPiPresets.All,
            _ => OpenPiPresets.All[0],
            context => new OpenPiEndpoint(context)
        ),
        new(
            "openvla",
            "JSON by POST /act",
            8_000,
            OpenVlaPresets.All,
            OpenVlaEndpoint.LayoutOf,
            context => new OpenVlaEndpoint(context)
        ),
        new(
            "gr00t",
            "MessagePack over ZeroMQ",
            5_555,
            Gr00tPresets.All,
            Gr00tMessages.LayoutOf,
            context => new Gr00tEndpoint(context)
        )
        {
            Reading = Gr00tMessages.Reading,
            IsHttp = false,
        },
        new(
            "vla-eval",
            "MessagePack over a WebSocket, one action each",
            8_000,
            VlaEvalPresets.All,
            VlaEvalEndpoint.LayoutOf,
            context => new VlaEvalEndpoint(context)
        ),
        new(
            "robo-evals",
            "JSON by POST /act or a WebSocket, one action each",
            8_765,
            RoboEvalsPresets.All,
            RoboEvalsEndpoint.LayoutOf,
            context => new RoboEvalsEndpoint(context)
        ),
    ];

    /// <summary>Whether requests come by HTTP, so that TLS can be spoken and health be asked for.</summary>
    public bool IsHttp { get; init; } = true;

    /// <summary>Where in its messages the parts of a layout are looked for.</summary>
    public Func<WireLayout, WireLayout> Reading { get; init; } = layout => layout;

    /// <summary>The one of a name; null for none.</summary>
    public static ServedProtocol? Find(string name) => All.FirstOrDefault(protocol => protocol.Name == name);
}
