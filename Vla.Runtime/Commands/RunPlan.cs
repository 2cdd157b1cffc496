using System.Globalization;
using Vla.Actors.Control;
using Vla.Actors.Policies;
using Vla.Actors.Torch;
using Vla.Runtime.Libraries;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Teleoperation;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Commands;

/// <summary>What the settings of a run name, read and checked: nothing of it is there yet.</summary>
internal sealed class RunPlan
{
    private RunPlan(VlaSettings settings, string folder)
    {
        (Settings, Folder) = (settings, folder);
        Cameras = NamedCamera.ReadAll(settings.Camera);
        Source = NamedCamera.Deciding(Cameras);
        RobotText = AutoChoice.Robot(settings, Source);
        Robot = RobotRegistry.Parse(RobotText, folder);
        Outputs = [.. settings.Outputs.Select(OutputRegistry.Parse)];
    }

    /// <summary>As given.</summary>
    public VlaSettings Settings { get; }

    /// <summary>Where relative paths count from.</summary>
    public string Folder { get; }

    /// <summary>The cameras.</summary>
    public IReadOnlyList<NamedCamera> Cameras { get; }

    /// <summary>The one that decides what is seen: the world, or a real place.</summary>
    public CameraSource Source { get; }

    /// <summary>The robot, as it was named or chosen.</summary>
    public string RobotText { get; }

    /// <summary>The robot.</summary>
    public RobotSpec Robot { get; }

    /// <summary>What else is told the actions.</summary>
    public IReadOnlyList<OutputSpec> Outputs { get; }

    /// <summary>Who leads by hand; null for nobody.</summary>
    public TeleoperatorSpec? Lead { get; private init; }

    /// <summary>The policy; null where somebody leads alone.</summary>
    public PolicySpec? Decider { get; private init; }

    /// <summary>Whether there is no policy beside the leader.</summary>
    public bool LeadsAlone => Decider is null;

    /// <summary>Whether a session of so many episodes is recorded.</summary>
    public bool HasSession => Settings.Record is { Directory.Length: > 0, Episodes: > 0 };

    /// <summary>Whether the simulated tabletop is what is seen or moved.</summary>
    public bool IsAtTable => Source is WorldCameraSource || Robot is RobotSpec.World;

    /// <summary>The control loop's settings.</summary>
    public required ControlOptions Control { get; init; }

    /// <summary>Where the policy computes.</summary>
    public required TorchSharp.torch.Device Device { get; init; }

    /// <summary>How long one step of the start may take.</summary>
    public TimeSpan MayLoad => TimeSpan.FromSeconds(Settings.Stages.LoadSeconds);

    /// <summary>How long the run may last; zero for as long as it is not told to end.</summary>
    public TimeSpan MayLast => TimeSpan.FromSeconds(Settings.DurationSeconds);

    /// <summary>What the settings choose for a policy that leaves it open.</summary>
    public PolicyChoices Choices =>
        VlaSettings.Choices(Settings.PolicySeed, Settings.RealTimeChunking, Settings.UnnormKey);

    /// <summary>Reads the settings.</summary>
    /// <param name="settings">Checked already, one by one.</param>
    /// <param name="folder">Where relative paths of policy and robot count from.</param>
    /// <exception cref="UsageException">Something that they name is not known, or does not go together.</exception>
    /// <exception cref="DeviceException">There is no such device here.</exception>
    public static RunPlan Read(VlaSettings settings, string folder)
    {
        foreach (var library in settings.Libraries)
            PolicyLibrary.Register(Path.GetFullPath(library, folder));
        var lead = settings.Teleop.Length == 0 ? null : TeleoperatorRegistry.Parse(settings.Teleop, folder);
        var leadsAlone = lead is not null && settings.Policy == AutoChoice.Auto;
        return new RunPlan(settings, folder)
        {
            Lead = lead,
            Decider = leadsAlone
                ? null
                : PolicyRegistry.Parse(
                    AutoChoice.Policy(settings, NamedCamera.Deciding(NamedCamera.ReadAll(settings.Camera))),
                    folder
                ),
            Control = Options(settings.Control),
            Device = TorchDevice.Select(settings.Device),
        };
    }

    private static ControlOptions Options(ControlSettings settings)
    {
        var options = new ControlOptions
        {
            RateHz = settings.RateHz,
            MaximumActionAgeMs = settings.MaximumActionAgeMs,
            MaximumChunkAgeMs = settings.MaximumChunkAgeMs,
            HoldMs = settings.HoldMs,
            ResumeAfterStop = settings.ResumeAfterStop,
            AtLimitsMs = settings.AtLimitsMs,
            DeadmanMs = settings.DeadmanMs,
            RealTime = settings.RealTime,
        };
        if (options.DeadmanMs == 0 || options.DeadmanMs >= options.LeastDeadmanMs)
            return options;
        throw new UsageException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"setting 'control:deadmanMs' is {options.DeadmanMs}: a robot would stop between two messages at "
                    + $"'control:rateHz' {options.RateHz}; use {options.LeastDeadmanMs} or more, or 0 for five "
                    + $"control periods"
            )
        );
    }
}
