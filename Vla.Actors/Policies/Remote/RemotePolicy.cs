using Akka.Actor;
using Vla.Actors.Chunks;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>
/// A policy that runs in a server, behind one of the protocols: an observation out, a chunk of actions in.
/// </summary>
/// <remarks>
/// The wire says neither what the numbers of an action are nor how far apart actions are: that is a layout's, a robot's
/// or, where a Vla serves the policy, the server's own word. One observation is tried before anything moves, so that a
/// server that does not take it is known at the start.
/// </remarks>
internal sealed class RemotePolicy : IPolicy
{
    private readonly ServerDescription? _server;
    private readonly IReadOnlyList<WirePicture>? _pictures;

    private RemotePolicy(WireAddress address, WireLayout layout, ServerDescription? server)
    {
        (Address, Layout, _server) = (address, layout, server);
        _pictures =
            layout.Pictures
            ?? (
                address.Pictures.Count > 0 ? [.. address.Pictures.Select(Named)]
                : server is null ? null
                : server.Pictures
            );
        if (address.Fit is { } fit)
            _pictures = _pictures?.Select(picture => picture with { Fit = fit }).ToArray();
        Image = Sent[0].Spec;
        Pictures = _pictures is null ? null : [.. _pictures.Select(picture => picture.Name)];
        TakesWords = layout.Prompt is not null && server?.TakesWords != false;
        Info = new PolicyInfo
        {
            Name = server?.Policy ?? address.Protocol.Name,
            Description = $"A policy in a server at {address.Where}.",
            Trained = null,
            Note = "",
            StageTypes = new Dictionary<string, string> { ["server"] = address.Protocol.Name },
        };
        var dimensions = layout.Actions ?? server?.ActionNames.Count ?? 1;
        var named = server is { HasNames: true } && server.ActionNames.Count == dimensions;
        Action = Actions(
            named ? server!.ActionNames : Numbered("action", dimensions),
            named ? server!.ActionUnits : Units(dimensions),
            server?.Horizon ?? layout.Execute ?? 1,
            layout.StepMs ?? server?.StepMs ?? 1_000
        );
        var numbers = layout.StateCount ?? server?.StateNames.Count ?? 0;
        State =
            server is not null && server.StateNames.Count == numbers
                ? States(server.StateNames, server.StateUnits)
                : States(Numbered("state", numbers), Units(numbers));
        StepIsKnown = (layout.StepMs ?? server?.StepMs) is not null;
    }

    /// <summary>Asks the server what it is.</summary>
    /// <exception cref="PolicyException">It cannot be reached, or is no policy server; in words.</exception>
    public static RemotePolicy Load(WireAddress address)
    {
        var layout =
            address.LayoutFile is { } file ? WireLayoutFile.Read(file)
            : address.Preset is { } preset ? address.Protocol.FindPreset(preset)!
            : address.Protocol.Presets[0];
        WorkStep.Begin($"connecting to {address.Where}");
        using var connection = address.Protocol.Open(address);
        try
        {
            layout = address.Protocol.Learn(layout, connection.Metadata);
            layout = layout with { Execute = address.Execute ?? layout.Execute };
            // A layout that was chosen comes before what the server says of itself.
            var server = address is { Preset: null, LayoutFile: null }
                ? ServerDescription.Read(connection.Metadata, address.Protocol)
                : null;
            return new RemotePolicy(address, layout, server)
            {
                Remarks = [.. Said(address, connection.Metadata, server)],
            };
        }
        catch (WireException e)
        {
            throw new PolicyException($"{address.Where}: {e.Message}", e);
        }
    }

    public string Directory => Address.Where;

    public PolicyInfo Info { get; }

    public ImageSpec Image { get; }

    public IReadOnlyList<string>? Pictures { get; }

    public StateSpec State { get; private init; }

    public ActionSpec Action { get; private set; }

    public IReadOnlyList<PolicyStep> Steps => RemoteSteps.All;

    public bool TakesWords { get; }

    public bool StepIsKnown { get; private init; }

    public IReadOnlyList<string> Remarks { get; private init; } = [];

    internal WireAddress Address { get; }

    internal WireLayout Layout { get; }

    /// <summary>What is sent; one of any name where nobody has named any.</summary>
    internal IReadOnlyList<WirePicture> Sent => _pictures ?? [OfCamera(PictureNames.Unnamed, 0)];

    /// <summary>Writes observations for the server.</summary>
    internal WireRequest Request() =>
        Address.Protocol.Request(new WireRequestParts(Address, Layout, Sent, AreNamed: _pictures is not null));

    /// <summary>Whether a robot has said what the numbers are.</summary>
    internal bool IsDriving { get; private init; }

    public ImageSpec ImageOf(string picture) =>
        _pictures?.FirstOrDefault(sent => sent.Name == picture) is { } known ? known.Spec : Image;

    /// <inheritdoc/>
    public IPolicy Driving(RobotNaming robot)
    {
        var remarks = new List<string>(Remarks);
        var (actions, actionUnits) = OfRobot(
            "actions",
            Layout.Actions ?? _server?.ActionNames.Count,
            _server is { HasNames: true } ? (_server.ActionNames, _server.ActionUnits) : null,
            (robot.ActionNames, robot.ActionUnits)
        );
        var (states, stateUnits) = OfRobot(
            "numbers of state",
            Layout.StateCount ?? _server?.StateNames.Count,
            _server is { HasNames: true } ? (_server.StateNames, _server.StateUnits) : null,
            (robot.StateNames, robot.StateUnits)
        );
        var (stepMs, source) =
            robot.GivenStepMs is { } given ? (given, "the setting policyStepMs")
            : _server?.StepMs is { } said ? (said, "the server")
            : Layout.StepMs is { } own ? (own, $"the layout {Layout.Name}")
            : robot.StepMs is { } its ? (its, robot.Who)
            : throw new PolicyException(
                $"{Address.Where}: nothing says how far apart the actions of a chunk are: give --policy-step MS, 1000 "
                    + "divided by the fps of the data that the policy was trained on, or stepMs in the robot's profile"
            );
        if (!IsDriving)
            remarks.Add(
                FormattableString.Invariant($"the actions of its chunks are {stepMs:0.###} ms apart, from {source}")
            );
        var layout =
            Layout.Of(states.Count)
            ?? throw new PolicyException(
                $"{Address.Where}: takes the state in pieces "
                    + $"({string.Join(' ', Layout.State!.Select(part => part.Key))}) and does not say how long each "
                    + $"is; {robot.Who} has {states.Count} numbers of it: give a preset, or a layout=FILE with the "
                    + "count of each piece"
            );
        var driving = new RemotePolicy(Address, layout, _server)
        {
            Action = Actions(actions, actionUnits, Action.Horizon, stepMs),
            State = States(states, stateUnits),
            StepIsKnown = true,
            Remarks = remarks,
            IsDriving = true,
        };
        // A Vla has said all that a trial would show, and its policy may know none of the words.
        if (Address.Tries && !IsDriving && _server is null)
            driving.Action = driving.Action with { Horizon = RemoteTrial.Run(driving) };
        return driving;

        (IReadOnlyList<string> Names, IReadOnlyList<string> Units) OfRobot(
            string what,
            int? wanted,
            (IReadOnlyList<string>, IReadOnlyList<string>)? server,
            (IReadOnlyList<string> Names, IReadOnlyList<string> Units) its
        )
        {
            if (server is { } own && own.Item1.Count == wanted)
                return own;
            if (wanted == 0)
                return ([], []);
            if (wanted is null || wanted == its.Names.Count)
            {
                if (!IsDriving && its.Names.Count > 0)
                    remarks.Add(
                        $"its {what} are taken for {string.Join(", ", its.Names)}, in the order of {robot.Who}"
                    );
                return its;
            }

            throw new PolicyException(
                $"{Address.Where}: takes or gives {wanted} {what} ({Layout.Name}), and {robot.Who} has "
                    + $"{its.Names.Count} ({string.Join(' ', its.Names)}): choose the robot that the policy was "
                    + "trained for, or another preset or layout"
            );
        }
    }

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        parent.ActorOf(
            host.Scheduling.Place(
                Props.Create(() =>
                    new RemotePolicyActor(
                        host.Setup(RemoteSteps.Server, 1),
                        this,
                        host.Observations,
                        host.Instructions,
                        host.Source
                    )
                )
            ),
            "policy-server"
        );

    /// <summary>A chunk out of an answer.</summary>
    /// <exception cref="PolicyException">It is none of this robot's.</exception>
    internal WireAnswer Check(ReadOnlyMemory<byte> message)
    {
        WireAnswer answer;
        try
        {
            answer = Address.Protocol.Read(message, Layout);
        }
        catch (WireException e)
        {
            throw new PolicyException($"{Address.Where}: {e.Message}", e);
        }

        return answer.Dimensions == Action.Dimensions
            ? answer
            : throw new PolicyException(
                $"{Address.Where}: gives actions of {answer.Dimensions} numbers, and the robot takes "
                    + $"{Action.Dimensions} ({string.Join(' ', Action.Names)}): choose the robot that the policy was "
                    + "trained for"
            );
    }

    private static IEnumerable<string> Said(WireAddress address, WireMap metadata, ServerDescription? server)
    {
        if (server is not null)
        {
            yield return "the server is a Vla and says what its policy takes and gives";
            yield break;
        }

        yield return metadata.Paths.Count == 0
            ? "the server says nothing of itself"
            : $"the server says of itself: {metadata.Describe()}";
        if (address is { Preset: null, LayoutFile: null })
            yield return address.Protocol.Unnamed;
    }

    private WirePicture Named(string name, int place) =>
        _server?.Pictures.FirstOrDefault(picture => picture.Name == name) ?? OfCamera(name, place);

    private WirePicture OfCamera(string name, int place) =>
        Address.Protocol.Picture(name, place, WirePicture.UsualSize, WirePicture.UsualSize) with
        {
            Fit = Address.Fit ?? ImageFit.Stretch,
        };

    private ActionSpec Actions(IReadOnlyList<string> names, IReadOnlyList<string> units, int horizon, double stepMs)
    {
        var execute = Layout.Execute ?? _server?.Execute;
        return new ActionSpec(
            names,
            units,
            new float[names.Count],
            [.. Enumerable.Repeat(1f, names.Count)],
            horizon,
            stepMs
        )
        {
            Execution = execute is { } count
                ? new ChunkExecution { Execute = Math.Clamp(count, 1, WireLimits.MostActions) }
                : ChunkExecution.Freshest,
        };
    }

    private static StateSpec States(IReadOnlyList<string> names, IReadOnlyList<string> units) =>
        names.Count == 0
            ? StateSpec.None
            : new StateSpec(names, units, new float[names.Count], [.. Enumerable.Repeat(1f, names.Count)]);

    private static IReadOnlyList<string> Numbered(string word, int count) =>
        [.. Enumerable.Range(1, count).Select(i => FormattableString.Invariant($"{word}_{i}"))];

    private static IReadOnlyList<string> Units(int count) => [.. Enumerable.Repeat("1", count)];
}
