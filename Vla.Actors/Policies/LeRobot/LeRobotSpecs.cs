using Vla.Actors.Chunks;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// What the numbers are that a LeRobot policy takes and gives: scaled as its processors say, named as its checkpoint or
/// the robot that it drives says.
/// </summary>
internal sealed class LeRobotSpecs
{
    private const string NoUnit = "1";
    private const double MsPerSecond = 1_000;

    private readonly string _directory;
    private readonly LeRobotConfig _features;
    private readonly int _chunkSize;
    private readonly ChunkExecution _execution;
    private readonly LeRobotNames _names;
    private readonly (float[] Mean, float[] Std) _stateScale;
    private readonly (float[] Mean, float[] Std) _actionScale;

    private LeRobotSpecs(
        string directory,
        LeRobotConfig features,
        int chunkSize,
        ChunkExecution execution,
        LeRobotNames names,
        (float[] Mean, float[] Std) stateScale,
        (float[] Mean, float[] Std) actionScale,
        LeRobotNaming? naming
    )
    {
        (_directory, _features, _chunkSize, _execution) = (directory, features, chunkSize, execution);
        (_names, _stateScale, _actionScale) = (names, stateScale, actionScale);
        State = StateOf(naming);
        Action = ActionOf(naming);
        Remarks = naming?.Remarks ?? LeRobotNaming.Open(features, chunkSize, names);
        StepIsKnown = naming is not null || names.StepMs is not null || chunkSize == 1;
    }

    /// <summary>The robot's state, and behind it that of its surroundings where the policy takes one.</summary>
    public StateSpec State { get; }

    public ActionSpec Action { get; }

    /// <inheritdoc cref="IPolicy.Remarks"/>
    public IReadOnlyList<string> Remarks { get; }

    /// <inheritdoc cref="IPolicy.StepIsKnown"/>
    public bool StepIsKnown { get; }

    /// <inheritdoc cref="IPolicy.Range"/>
    public ActionRange? Range { get; private init; }

    /// <summary>Which numbers of an action count from the robot's state; null where none does.</summary>
    public RelativeActions? Relative { get; private init; }

    /// <summary>As a directory leaves them, for no robot yet.</summary>
    /// <exception cref="PolicyException">A file that names things is malformed.</exception>
    public static LeRobotSpecs Of(
        string directory,
        LeRobotConfig features,
        int chunkSize,
        ChunkExecution execution,
        LeRobotProcessors processors
    ) =>
        new(
            directory,
            features,
            chunkSize,
            execution,
            LeRobotNames.Read(directory, features),
            Join(features.Numbers.Select(feature => processors.ScaleOf(feature)?.AsInput() ?? Plain(feature.Count))),
            processors.ActionScale?.AsOutput() ?? Plain(features.Action.Count),
            naming: null
        )
        {
            Range = processors.Range,
            Relative = processors.Relative,
        };

    /// <summary>The same for a robot.</summary>
    /// <exception cref="PolicyException">The robot has another number of values, or nobody says how long a step
    /// is.</exception>
    public LeRobotSpecs Driving(RobotNaming robot) =>
        Copy(_execution, new LeRobotNaming(_directory, _features, _chunkSize, _names, robot));

    /// <summary>The same, carried out in another way; before a robot has named it.</summary>
    public LeRobotSpecs CarriedOut(ChunkExecution execution) => Copy(execution, naming: null);

    /// <summary>A chunk as the robot takes it.</summary>
    /// <param name="actions">As the model gives them, normalised.</param>
    /// <param name="state">The robot's at the pictures' moment; null when it is not known.</param>
    /// <returns>Row by row; the caller's own.</returns>
    public float[] ForRobot(Tensor actions, RobotReading? state)
    {
        var values = ChunkValues.Of(actions);
        Action.Unnormalise(values);
        Relative?.Add(values, Relative.MeasuredFrom(state));
        return values;
    }

    private LeRobotSpecs Copy(ChunkExecution execution, LeRobotNaming? naming) =>
        new(_directory, _features, _chunkSize, execution, _names, _stateScale, _actionScale, naming)
        {
            Range = Range,
            Relative = Relative,
        };

    private StateSpec StateOf(LeRobotNaming? naming)
    {
        if (!_features.Numbers.Any())
            return StateSpec.None;
        var (names, units) = naming is null
            ? (_features.Numbers.SelectMany(Unnamed).ToList(), null)
            : (naming.StateNames, naming.StateUnits);
        return new StateSpec(names, units ?? [.. names.Select(_ => NoUnit)], _stateScale.Mean, _stateScale.Std);

        IEnumerable<string> Unnamed(LeRobotFeature feature) =>
            (feature == _features.State ? _names.State : _names.Environment)?.Names ?? LeRobotNaming.Numbered(feature);
    }

    private ActionSpec ActionOf(LeRobotNaming? naming)
    {
        var names = naming?.ActionNames ?? _names.Action?.Names ?? LeRobotNaming.Numbered(_features.Action);
        var units = naming?.ActionUnits ?? _names.Action?.Units ?? [.. names.Select(_ => NoUnit)];
        // Of a policy that was not told its robot nothing is carried out; a step of no length would be no step.
        var stepMs = naming?.StepMs ?? _names.StepMs ?? MsPerSecond;
        return new ActionSpec(names, units, _actionScale.Mean, _actionScale.Std, _chunkSize, stepMs)
        {
            Execution = _execution,
        };
    }

    private static (float[] Mean, float[] Std) Plain(int count) =>
        (new float[count], [.. Enumerable.Repeat(1f, count)]);

    private static (float[] Mean, float[] Std) Join(IEnumerable<(float[] Mean, float[] Std)> scales)
    {
        var all = scales.ToList();
        return ([.. all.SelectMany(scale => scale.Mean)], [.. all.SelectMany(scale => scale.Std)]);
    }
}
