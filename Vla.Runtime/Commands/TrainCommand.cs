using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;
using Vla.Actors.Training;
using Vla.Runtime.Learning;

namespace Vla.Runtime.Commands;

/// <summary><c>vla train</c>: a policy that does what demonstrations show.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var defaults = new TrainingOptions();
        var dataset = new Option<string>("--dataset")
        {
            HelpName = "DIR",
            Required = true,
            Description =
                "What to learn from: a LeRobot dataset's directory (DIR?camera=NAME where it has several cameras; "
                + "DIR?expert=off to leave out what only a simulator knows), or the simulated world: "
                + "world:LEVEL?episodes=N&seed=S, with level1, level2 or both",
        };
        var output = new Option<string>("--output")
        {
            HelpName = "DIR",
            Required = true,
            Description = "The new policy's directory",
        };
        var template = new Option<string>("--policy-config")
        {
            HelpName = "FILE",
            Description =
                "A policy's config.json: what stages to train; scales and vocabulary come from the data, and the "
                + "names, units and sizes that it leaves out",
            DefaultValueFactory = _ => Path.Combine(ProjectPaths.TabletopPolicy, StagedPolicy.ConfigFile),
        };
        var cameras = new Option<string?>("--cameras")
        {
            HelpName = "NAME,…",
            Description =
                "The cameras that the policy shall see, such as front,wrist, or all of the dataset's with all "
                + "(default: the policy-config's images, one picture called front where it has none)",
        };
        var policy = new Option<string?>("--policy")
        {
            HelpName = "act",
            Description =
                "Train LeRobot's ACT instead of a policy of Vla's own: what comes of it is a LeRobot checkpoint; "
                + "--policy-config then names an ACT's config.json for its sizes (default: LeRobot's)",
        }.AcceptOnlyFromAmong(ActTraining.Name);
        var backbone = new Option<string?>("--backbone")
        {
            HelpName = "FILE",
            Description =
                "With --policy act: a vision backbone that somebody has trained, torchvision's resnet18 or resnet34 "
                + "(.safetensors, .pth); a new one learns much more slowly",
        };
        var size = new Option<string?>("--picture-size")
        {
            HelpName = "WIDTHxHEIGHT",
            Description =
                "With --policy act: how large every camera's pictures are for the policy (default: as recorded)",
        };
        var steps = Number("--steps", "N", "Steps in all", defaults.Steps);
        var batch = Number("--batch-size", "N", "Pictures in a step", defaults.BatchSize);
        var pictures = new Option<int?>("--pictures-per-episode")
        {
            HelpName = "N",
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"About how many pictures are kept of each episode (default: {RecordedLessons.PicturesPerSecond} for "
                    + $"each second of a recorded one, evenly spread; {WorldLessons.DefaultPicturesPerEpisode} of "
                    + $"the simulated world's)"
            ),
        };
        var seed = Number("--seed", "S", "Initial weights, batches and augmentation follow from it", 0);
        var threads = Number("--threads", "N", "Threads that Torch uses", Environment.ProcessorCount);
        var rate = new Option<double>("--learning-rate")
        {
            HelpName = "X",
            Description = "Highest learning rate",
            DefaultValueFactory = _ => defaults.LearningRate,
        };
        var resume = new Option<bool>("--resume")
        {
            Description =
                "Go on with the training in --output, with the steps, seed and rates it was begun with; --steps with "
                + "more than it was begun with goes on for longer",
        };
        var device = PolicyOptions.Device();
        var libraries = PolicyOptions.Libraries();
        var command = new Command(
            "train",
            "Train a policy by behaviour cloning. Ctrl-C saves; --resume goes on as if nothing had been."
        )
        {
            dataset,
            output,
            policy,
            template,
            backbone,
            size,
            cameras,
            steps,
            batch,
            pictures,
            seed,
            threads,
            rate,
            resume,
            device,
            libraries,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var options = Checked(
                    defaults with
                    {
                        Steps = parsed.GetValue(steps),
                        BatchSize = parsed.GetValue(batch),
                        Seed = parsed.GetValue(seed),
                        LearningRate = parsed.GetValue(rate),
                    }
                );
                var count = parsed.GetValue(threads);
                if (count < 1 || count > Environment.ProcessorCount)
                    throw new UsageException(
                        $"--threads is {count}: allowed is 1 to {Environment.ProcessorCount}, the cores of this machine"
                    );
                var perEpisode = parsed.GetValue(pictures);
                if (perEpisode < 1)
                    throw new UsageException($"--pictures-per-episode is {perEpisode}: allowed is 1 or more");

                PolicyOptions.Register(parsed, libraries);
                var directory = Path.GetFullPath(parsed.GetValue(output)!);
                if (parsed.GetValue(resume))
                    CheckResume(directory);
                var act = Act(directory);
                var source = LessonSource.Parse(parsed.GetValue(dataset)!);
                if (source.Note is { } note)
                    Console.Error.WriteLine($"vla: {note}");
                // On one thread from beginning to end: the number of Torch's threads is one of its own.
                await Task.Factory.StartNew(
                    () =>
                        Train(
                            source,
                            Columns(source),
                            directory,
                            parsed.GetValue(template)!,
                            act,
                            options,
                            perEpisode,
                            count,
                            parsed.GetValue(resume),
                            parsed.GetValue(device)!,
                            cancellation
                        ),
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                );
                return ExitCodes.Success;

                DataColumns Columns(ILessonSource source) =>
                    parsed.GetValue(cameras) is not { } wanted
                        ? source.Columns
                        : source.Columns with
                        {
                            WantedCameras = wanted == "all" ? source.Columns.Cameras : wanted.Split(','),
                        };

                // Null for a policy of Vla's own.
                ActTraining? Act(string directory)
                {
                    var resumed = parsed.GetValue(resume);
                    if (resumed ? !ActTraining.IsIn(directory) : parsed.GetValue(policy) is null)
                    {
                        if (parsed.GetValue(policy) is not null)
                            throw new UsageException(
                                $"--output {directory} holds the training of a policy of Vla's own; leave --policy out"
                            );
                        if ((IsGiven(backbone), IsGiven(size)) is not (false, false))
                            throw new UsageException(
                                "--backbone and --picture-size are for --policy act; leave them out, or train one"
                            );
                        return null;
                    }

                    if (!resumed && !IsGiven(rate))
                        options = options with { LearningRate = ActTraining.LearningRate };
                    if (resumed && (IsGiven(backbone) || IsGiven(size)))
                        throw new UsageException(
                            "--backbone and --picture-size are for a beginning; a training that is gone on with has "
                                + "its own: leave them out"
                        );
                    return new ActTraining(
                        IsGiven(template) ? parsed.GetValue(template) : null,
                        parsed.GetValue(backbone),
                        ActTraining.ReadSize(parsed.GetValue(size))
                    );
                }

                // Before the data are read, which takes minutes.
                void CheckResume(string directory)
                {
                    if (!TrainingSession.CanResume(directory))
                        throw new UsageException(
                            $"--output {directory} holds no training to go on with; leave out --resume"
                        );
                    var (begun, done) = TrainingSession.Begun(directory);
                    Same(batch, begun.BatchSize);
                    Same(seed, (int)begun.Seed);
                    Same(rate, begun.LearningRate);
                    if (IsGiven(cameras))
                        throw new UsageException(
                            "--cameras is for a beginning; a training that is gone on with has its own: leave it out"
                        );
                    if (IsGiven(template))
                        throw new UsageException(
                            "--policy-config is for a beginning; a training that is gone on with has its own: leave "
                                + "it out"
                        );
                    if (!IsGiven(steps))
                    {
                        options = options with { Steps = begun.Steps };
                        if (done >= begun.Steps)
                            throw new UsageException(
                                $"the training in {directory} has done all its {done:N0} steps; go on with --resume "
                                    + "and more --steps"
                            );
                    }
                    else if (options.Steps < begun.Steps || options.Steps <= done)
                    {
                        throw new UsageException(
                            $"--steps {options.Steps}: the training in {directory} was begun with {begun.Steps} "
                                + $"steps and has done {done}; "
                                + "give more than that, or leave --steps out to go on to where it was to end"
                        );
                    }
                }

                void Same<T>(Option<T> option, T begun)
                    where T : notnull
                {
                    if (IsGiven(option) && !begun.Equals(parsed.GetValue(option)))
                        throw new UsageException(
                            $"{option.Name} is {parsed.GetValue(option)}: the training was begun with {begun}; leave "
                                + "it out, or begin another"
                        );
                }

                bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
            }
        );
        return command;
    }

    private static void Train(
        ILessonSource source,
        DataColumns columns,
        string output,
        string template,
        ActTraining? act,
        TrainingOptions options,
        int? perEpisode,
        int threads,
        bool resume,
        string deviceName,
        CancellationToken cancellation
    )
    {
        var device = TorchDevice.Select(deviceName);
        var progress = new TrainingProgress();
        var begin = new Beginning(source, columns, output, options, perEpisode, threads, resume, device);
        ITrainingSession? begun;
        try
        {
            begun = act is not null
                ? act.Begin(begin, progress, cancellation)
                : Begin(begin, template, progress, cancellation);
        }
        catch (OperationCanceledException)
        {
            progress.Say("stopped before the training began; nothing was written");
            return;
        }

        using var session = begun;
        progress.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{session.TrainingSamples} pictures to learn from, {session.ValidationSamples} to validate with, "
                    + $"{session.Parameters:N0} parameters"
            )
        );
        var run = new TrainingRun(session, new LossLog(output, session.StepsDone), progress, TimeProvider.System);
        progress.Say(
            run.Run(cancellation)
                ? $"done: {output}"
                : $"stopped at step {session.StepsDone} of {session.Steps}, saved; go on with --resume"
        );
    }

    private static TrainingSession Begin(
        Beginning begin,
        string template,
        TrainingProgress progress,
        CancellationToken cancellation
    )
    {
        if (begin.Resume)
            template = Path.Combine(begin.Output, StagedPolicy.ConfigFile);
        else if (Directory.Exists(template))
            template = Path.Combine(template, StagedPolicy.ConfigFile);
        var set = begin.Read(TrainingTemplate.Read(template, begin.Columns), progress, cancellation);
        return begin.Resume
            ? TrainingSession.Resume(begin.Output, set, begin.Threads, begin.Device, begin.Options.Steps)
            : TrainingSession.Begin(
                begin.Output,
                template,
                set,
                begin.Columns,
                begin.Options,
                begin.Threads,
                begin.Device
            );
    }

    private static Option<int> Number(string name, string helpName, string description, int value) =>
        new(name)
        {
            HelpName = helpName,
            Description = description,
            DefaultValueFactory = _ => value,
        };

    private static TrainingOptions Checked(TrainingOptions options)
    {
        var problems = new List<ValidationResult>();
        return Validator.TryValidateObject(
            options,
            new ValidationContext(options),
            problems,
            validateAllProperties: true
        )
            ? options
            : throw new UsageException(problems[0].ErrorMessage!);
    }
}
