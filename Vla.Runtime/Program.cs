using System.CommandLine;
using Vla.Runtime;
using Vla.Runtime.Commands;

var root = new RootCommand("Vla runs vision-language-action policies: a camera and an instruction in, robot actions out.")
{
    RunCommand.Create(),
    CamerasCommand.Create(),
};

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception exception) when (ExitCodes.For(exception) is { } code)
{
    Console.Error.WriteLine($"vla: {exception.Message}");
    return code;
}
