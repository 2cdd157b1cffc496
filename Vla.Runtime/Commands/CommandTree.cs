using System.CommandLine;

namespace Vla.Runtime.Commands;

/// <summary>All that <c>vla</c> can be told on its command line.</summary>
internal static class CommandTree
{
    public static RootCommand Create() =>
        new("Vla runs vision-language-action policies: a camera and an instruction in, robot actions out.")
        {
            RunCommand.Create(),
            ServeCommand.Create(),
            CamerasCommand.Create(),
            ModelCommand.Create(),
            ForwardCommand.Create(),
            ImportCommand.Create(),
            TrainCommand.Create(),
            RecordCommand.Create(),
            DatasetCommand.Create(),
            EvalCommand.Create(),
            BenchCommand.Create(),
            ArmCommands.FindPort(),
            ArmCommands.SetUpMotor(),
            ArmCommands.Calibrate(),
            DrivingCommands.Teleop(),
            DrivingCommands.Replay(),
            SimulateCommand.Create(),
            DoctorCommand.Create(),
            TestCommand.Create(),
            PublishCommand.Create(),
        };
}
